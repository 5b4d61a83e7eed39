// SPDX-License-Identifier: GPL-2.0-only
import { explainSpte } from '@spte/core';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);

const guessed = (spte: bigint): string[] => {
  const { kind, guesses } = explainSpte(ept, spte, null);
  expect(kind).toBe('unknown');
  return guesses.map(({ code }) => code);
};

describe('an entry of no kind may be', () => {
  it('a PAE root entry: P and bits 9:8, which the CPU leaves to software', () => {
    expect(guessed(0x1001n)).toEqual(['pae-root']);
    expect(guessed(0x1301n)).toEqual(['pae-root']);
  });

  it.each([1n, 2n, 3n, 4n, 5n, 6n, 7n, 10n])('no PAE root entry with bit %i', (bit) => {
    expect(guessed(0x1001n | (1n << bit))).not.toContain('pae-root');
  });

  it("an entry of the guest's own: P and A, and no bit that software uses above", () => {
    expect(guessed(0x1021n)).toEqual(['guest-entry']);
    expect(guessed(0x1001n)).not.toContain('guest-entry');
    expect(guessed(0x1022n)).not.toContain('guest-entry');
    expect(guessed(0x1021n | (1n << 53n))).toEqual(['other-hypervisor']);
  });

  it('one of another hypervisor only when it allows reads', () => {
    expect(guessed(0x1002n | (1n << 53n))).toEqual([]);
  });

  it('one that was never walked, and then nothing else', () => {
    expect(guessed(0x1020n)).toEqual(['never-walked']);
    expect(guessed(0x1020n | (1n << 53n))).toEqual(['never-walked']);
  });

  it("another kernel's frozen entry", () => {
    expect(guessed(0x8000_0000_0000_05a0n)).toEqual(['other-kernel', 'never-walked']);
  });
});
