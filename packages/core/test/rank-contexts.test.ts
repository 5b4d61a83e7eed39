// SPDX-License-Identifier: GPL-2.0-only
import { explainAcross, explainChange, explainSpte, rankContexts, renderExplanation } from '@spte/core';
import { candidates } from '@spte/testing/contexts';
import { realRuns, word } from '@spte/testing/real-runs';
import { sampled } from '@spte/testing/sampled';
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
