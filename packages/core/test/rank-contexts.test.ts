// SPDX-License-Identifier: GPL-2.0-only
import {
  type Candidate,
  countUnusual,
  createMmu,
  explainAcross,
  explainChange,
  explainSpte,
  type ReadEntry,
  rankContexts,
  renderExplanation,
} from '@spte/core';
import { candidates } from '@spte/testing/contexts';
import { realRuns, word } from '@spte/testing/real-runs';
import { sampled } from '@spte/testing/sampled';
import { svm, vmx } from '@spte/testing/shipped';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('any value in any context', () => {
  const level = fc.option(fc.integer({ min: 1, max: 5 }));
  const value = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    // Values near real ones: a real entry with a few bits flipped.
    fc
      .tuple(
        fc.constantFrom(...realRuns.flatMap(({ sptes }) => sptes.slice(0, 40).map(([text]) => word(text)))),
        fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 3 }),
      )
      .map(([spte, flips]) => flips.reduce((flipped, bit) => flipped ^ (1n << BigInt(bit)), spte)),
  );

  it('is explained: each of the 64 bits once, and in text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...candidates), value, level, ({ mmu }, spte, at) => {
        const explanation = explainSpte(mmu, spte, at);
        const covered = explanation.fields.reduce((mask, field) => {
          expect(mask & field.mask).toBe(0n);
          return mask | field.mask;
        }, 0n);
        expect(covered).toBe((1n << 64n) - 1n);
        expect(renderExplanation(explanation)).toContain(explanation.kind);
      }),
      { numRuns: sampled(400, 2000) },
    );
  });

  it('can change into any other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...candidates), value, value, level, ({ mmu }, from, to, at) => {
        expect(explainChange(mmu, from, to, at).events.length).toBeGreaterThan(0);
      }),
      { numRuns: sampled(400, 2000) },
    );
  });
});

describe('a value', () => {
  it('that only one layout allows names its kernel', () => {
    const fits = rankContexts([{ value: 0x80a0000000200f77n, level: 1 }], candidates);
    const clean = fits.filter(({ findings }) => findings.length === 0).map(({ name }) => name);
    expect(clean).toEqual(['7.3 ept with A/D', '7.3 ept without A/D']);
    expect(fits.slice(0, 2).map(({ name }) => name)).toEqual(clean);
    // At an unknown level no less.
    const unknown = rankContexts([{ value: 0x80a0000000200f77n }], candidates);
    expect(unknown.slice(0, 2).map(({ name }) => name)).toEqual(clean);
  });
});

describe('a value of an unknown kernel', () => {
  it('is read once where all kernels agree', () => {
    const npt = candidates.filter(({ name }) => name.endsWith('npt') && !name.startsWith('5'));
    const { agreed, readings } = explainAcross(0x1003eb27e67n, 1, npt);
    expect(readings.map(({ contexts }) => contexts)).toEqual([
      ['6.1 npt', '6.8 npt', '6.12 npt'],
      ['7.3 npt'],
    ]);
    expect(agreed).toContainEqual({ name: 'address', mask: 0xffffffffff000n, text: '0x1003eb27000' });
    expect(agreed.map(({ name }) => name)).toContain('mmuWritable');
  });

  it('has no reading where there is no context', () => {
    expect(explainAcross(0x5a0n, 1, [])).toEqual({ value: 0x5a0n, agreed: [], readings: [] });
  });

  it('is read in each way where they differ, the clean ones first', () => {
    const { readings } = explainAcross(0x5a0n, 1, candidates);
    const frozen = readings.find(({ explanation }) => explanation.kind === 'frozen');
    expect(frozen?.contexts.every((name) => /^6\.[18] /.test(name))).toBe(true);
    expect(readings[0]?.explanation.findings).toEqual([]);
    expect(readings.length).toBeGreaterThan(1);
  });
});

describe('contexts', () => {
  const host = { physBits: 46 };
  const ept = (kvmAd: boolean): Candidate => ({
    name: `A/D ${kvmAd}`,
    mmu: createMmu({ kernel: '6.8', host, vendor: vmx({ eptAd: kvmAd, pml: kvmAd }) }),
  });

  it('that fit equally well share a rank, after all that fit better', () => {
    const alike = [ept(true), ept(false), ept(true)];
    const fits = rankContexts([{ value: 0n, level: 1 }], alike);
    expect(fits.map(({ rank }) => rank)).toEqual([1, 1, 1]);
    const told = rankContexts([{ value: 0x600000455299b77n, level: 1 }], alike);
    expect(told.map(({ name, rank }) => `${rank} ${name}`)).toEqual([
      '1 A/D true',
      '1 A/D true',
      '3 A/D false',
    ]);
  });

  it('in which all entries are as KVM writes them come before those in which some are not', () => {
    // Clean on either machine; but one with A/D bits would use them in the CPU's own tables.
    const fits = rankContexts([{ value: 0x610000455299877n, level: 1 }], [ept(true), ept(false)]);
    expect(fits.map(({ name, rank, clean, unusual }) => [name, rank, clean, unusual])).toEqual([
      ['A/D false', 1, 1, 0],
      ['A/D true', 2, 1, 1],
    ]);
  });
});

describe('entries that make sense', () => {
  const host = { physBits: 46 };
  const leaf = (value: bigint, count = 1): ReadEntry => ({ value, kind: 'leaf', count });
  const npt = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm() });
  const shadow = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm({ npt: false }) });

  it('are all for users in NPT', () => {
    expect(countUnusual(npt, [leaf(0x18a600e67n, 3), leaf(0x18a600e63n, 2)])).toBe(2);
    expect(countUnusual(npt, [{ value: 0x18a600e63n, kind: 'table', count: 9 }])).toBe(0);
  });

  it('are for the kernel of the guest too in shadow paging, where there are many', () => {
    expect(countUnusual(shadow, [leaf(0x18a600e67n, 64)])).toBe(64);
    expect(countUnusual(shadow, [leaf(0x18a600e67n, 63)])).toBe(0);
    expect(countUnusual(shadow, [leaf(0x18a600e67n, 64), leaf(0x18a600e63n)])).toBe(0);
  });

  it('of MMIO have no gfn in the last part of all that there can be, but where L1TF inverts it', () => {
    const mmu = createMmu({ kernel: '6.8', host, vendor: vmx() });
    const guard = 0x1fn << 41n;
    const guarded: ReadEntry = { value: guard | 0x6n, kind: 'mmio', count: 4 };
    expect(countUnusual(mmu, [guarded])).toBe(4);
    expect(countUnusual(mmu, [{ ...guarded, value: 0xfee00006n }])).toBe(0);
    const bug = { ...mmu, masks: { ...mmu.masks, nonpresentOrRsvd: guard } };
    expect(countUnusual(bug, [guarded])).toBe(0);
  });

  it('all have the C-bit where the host encrypts its memory, and nowhere else', () => {
    const bit = 1n << 47n;
    const sme = createMmu({
      kernel: '6.8',
      host: { physBits: 43 },
      vendor: svm({ smeMeMask: bit }),
    });
    const all = [leaf(0x18a600e67n | bit, 2), leaf(0x18b600e67n | bit, 1)];
    expect(countUnusual(npt, all)).toBe(3);
    expect(countUnusual(npt, [...all, leaf(0x18a600e67n)])).toBe(0);
    expect(countUnusual(sme, all)).toBe(0);
    expect(countUnusual(sme, [leaf(0x18a600e67n)])).toBe(1);
  });
});
