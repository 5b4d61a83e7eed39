// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, definePolicy, explainChange, judgeSpte, type Mmu, type PolicyReading } from '@spte/core';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

// Policies that read entries in ways of their own: core must not trust their names, nor where they keep a gfn.

const MARK = 0x6n;

const reading = (spte: bigint, fields: PolicyReading['fields'], gfn = 0x10n): PolicyReading | null =>
  (spte & 7n) === MARK && (spte & (1n << 11n)) === 0n
    ? { kind: 'mmio', gfn, gpa: gfn << 12n, access: 0n, generation: 0n, fields }
    : null;

function machine(read: (mmu: Mmu, spte: bigint) => PolicyReading | null): Mmu {
  return mmuOf(eptVendor, { policies: [definePolicy({ name: 'odd', apiVersion: 1, read })] });
}

describe('fields of a policy', () => {
  const mmu = machine((_mmu, spte) =>
    reading(spte, [
      { name: 'x', mask: 0xf000n, value: (spte >> 12n) & 0xfn, meaning: 'one half' },
      { name: 'x', mask: 0xf0000n, value: (spte >> 16n) & 0xfn, meaning: 'the other' },
      { name: 'ignored', mask: 0xf00000n, value: (spte >> 20n) & 0xfn, meaning: 'named as what is left' },
    ]),
  );

  it('have their own values, whatever their names', () => {
    const fields = decodeSpte(mmu, 0x2ab21006n, 1).fields.map(({ mask, value }) => [mask, value]);
    expect(fields).toContainEqual([0xf000n, 1n]);
    expect(fields).toContainEqual([0xf0000n, 2n]);
    expect(fields).toContainEqual([0xf00000n, 0xbn]);
    expect(fields).toContainEqual([0xffff_ffff_ff00_0000n, 0x2an]);
  });

  it('are compared by their bits', () => {
    const { fields } = explainChange(mmu, 0x21006n, 0x31006n, 1);
    expect(fields).toEqual([{ name: 'x', bits: [16], from: '0x2', to: '0x3' }]);
  });
});

it('a gfn beyond the last is a finding, wherever the policy keeps it', () => {
  const mmu = machine((_mmu, spte) => reading(spte, [], 1n << 60n));
  const [found] = judgeSpte(mmu, 0xff006n, 1);
  expect(found).toMatchObject({ code: 'mmio-gfn-too-high', params: { gfn: 1n << 60n } });
  expect(found?.bits).toContain(12);
});

it('reserved bits to judge by must be a 64-bit word', () => {
  const mmu = mmuOf(eptVendor);
  for (const rsvdBits of [-1n, 1n << 64n]) {
    expect(() => judgeSpte(mmu, 0n, 1, { rsvdBits })).toThrow('options.rsvdBits');
  }
});
