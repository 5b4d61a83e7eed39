// SPDX-License-Identifier: GPL-2.0-only
import { explainSpte, findingNext, guessText, makeSpte, pageRole, plainHost, verdict } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);

const guessed = (spte: bigint): string[] => {
  const { kind, guesses } = explainSpte(ept, spte, null);
  expect(kind).toBe('unknown');
  return guesses.map(({ code }) => code);
};

describe('the level', () => {
  const mmu = machine('EPT with A/D');
  const guessed = (spte: bigint, level: number | null, options = {}): string[] =>
    explainSpte(mmu, spte, level, options).guesses.map((guess) => guessText(guess));

  it.each([
    [0x2c583e907n, 1, 'a clean table at level 2, 3 or 4'],
    [0x600000455200bf7n, 1, 'a clean leaf at level 2'],
    [0x600000455200bf7n, 4, 'a clean leaf at level 2'],
    [0x600000440000bf7n, 4, 'a clean leaf at level 2 or 3'],
    [0x600000455299b77n, 3, 'a clean leaf at level 1'],
  ])('of %s is not %i', (spte, level, text) => {
    expect(guessed(spte, level)).toEqual([text]);
    const explanation = explainSpte(mmu, spte, level);
    expect(verdict(explanation)).toMatch(new RegExp(`; but it may be ${text}$`));
    const [finding] = explanation.findings;
    expect(finding && findingNext(finding, explanation.guesses)).toContain(
      `is this the level? It is ${text}; else `,
    );
  });

  it('is not doubted where the entry is clean, wrong everywhere, or no level was said', () => {
    expect(guessed(0x2c583e907n, 3)).toEqual([]);
    expect(guessed(0x40002c583e907n, 1)).toEqual([]);
    expect(guessed(0x2c583e907n, null)).toEqual([]);
  });

  it('is that of the kernel where it printed the mask', () => {
    expect(guessed(0x2c583e907n, 3, { printedRsvdBits: 0x4n })).toEqual([]);
  });

  it('is doubted of anything that is not an entry, too', () => {
    const tracking = machine('EPT without A/D', { kernel: '5.10' });
    const request = { role: pageRole({ adDisabled: true }), gfn: 1n, pfn: 0x34d4fn, prefetch: true };
    const { spte } = makeSpte(tracking, plainHost, request);
    expect(explainSpte(tracking, spte, 1)).toMatchObject({ kind: 'tracked', findings: [] });
    const { kind, findings, guesses } = explainSpte(tracking, spte, 2);
    expect(kind).toBe('unknown');
    expect(guesses.map((guess) => guessText(guess))).toContain('a clean access-tracked leaf at level 1');
    expect(findings.map((finding) => findingNext(finding, guesses))).toEqual([
      'is this the level? It is a clean access-tracked leaf at level 1',
    ]);
  });
});

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

  it.each([
    [0x105a27005en, 4, true],
    [0x105a27001en, 4, false],
    [0x105a270066n, 5, true],
    [0x105a270026n, 5, false],
  ])('an EPT pointer: %x, which has the low bits of an MMIO entry', (value, levels, ad) => {
    const mmu = machine('EPT with A/D', { kernel: '6.8' });
    const explanation = explainSpte(mmu, value);
    expect(explanation.kind).toBe('mmio');
    expect(explanation.guesses).toMatchObject([
      { code: 'ept-pointer', params: { levels, ad, root: 0x105a270000n } },
    ]);
    expect(verdict(explanation)).toMatch(
      /^clean MMIO entry: .*; but it may be an EPT pointer: WB, [45] levels, A\/D bits o[nf]+, root table 0x105a270000$/,
    );
  });

  it.each([0x5en, 0x105a27005en | (1n << 52n), 0x105a27005fn, 0x105a27004en])(
    'no EPT pointer: %x',
    (value) => {
      const mmu = machine('EPT with A/D', { kernel: '6.8' });
      expect(explainSpte(mmu, value).guesses.map(({ code }) => code)).not.toContain('ept-pointer');
    },
  );
});

describe('a value of no kind above level 1, without bit 7', () => {
  it.each([
    ['EPT with A/D', 0x103b84007n, 2],
    ['NPT', 0x5a31801067n, 4],
  ])('is read as the CPU walks it, as a table: %s', (name, value, level) => {
    const { kind, fields, cpu } = explainSpte(machine(name, { kernel: '6.8' }), value, level);
    const address = value & ~0xfffn;
    expect(kind).toBe('unknown');
    expect(fields.find((field) => field.name === 'address')?.value).toBe(address);
    expect(cpu[0]?.read).toEqual({ kind: 'next-table', hpa: address });
  });
});

describe('an EPT pointer', () => {
  it.each([
    ['5.4', 'EPT with A/D'],
    ['5.10', 'EPT with A/D'],
    ['5.12', 'EPT without A/D'],
    ['6.8', 'EPT with A/D'],
    ['6.8', 'EPT with L1TF'],
    ['6.12', 'EPT with A/D'],
    ['7.3', 'EPT with A/D'],
    ['5.4', 'NPT'],
    ['6.8', 'NPT'],
    ['7.3', 'shadow paging'],
  ])('is never taken for an entry without a word (%s, %s)', (kernel, name) => {
    const mmu = machine(name, { kernel });
    for (const pointer of [0x105a27001en, 0x105a27005en, 0x105a270026n, 0x105a270066n]) {
      for (const level of [null, 1, 2, 4]) {
        const explanation = explainSpte(mmu, pointer, level);
        expect(explanation.guesses.map(({ code }) => code)).toContain('ept-pointer');
        expect(verdict(explanation)).toMatch(
          /it may be an EPT pointer: WB, [45] levels, .*root table 0x105a270000$/,
        );
      }
    }
  });
});
