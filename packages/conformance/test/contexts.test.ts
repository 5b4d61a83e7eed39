// SPDX-License-Identifier: GPL-2.0-only
import {
  type Candidate,
  createMmu,
  explainAcross,
  explainChange,
  explainSpte,
  type Mmu,
  type MmuConfig,
  rankContexts,
  renderExplanation,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { realRuns, word } from '@spte/testing/real-runs';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const MODES = {
  'ept with A/D': vmx(),
  'ept without A/D': vmx({ eptAd: false }),
  npt: svm(),
  'vmx shadow': vmx({ ept: false }),
  'svm shadow': svm({ npt: false }),
} as const;

type Mode = keyof typeof MODES;

/** One kernel of every layout. */
const KERNELS = ['5.4', '5.10', '5.12', '6.1', '6.12', '7.3'] as const;

function mmuOf(kernel: string, mode: Mode, config: Partial<MmuConfig> = {}): Mmu {
  return createMmu({
    kernel,
    vendor: MODES[mode],
    host: { physBits: 40, cacheBits: 44, l1tf: MODES[mode].name === 'vmx' },
    policies: [l1tf, mmio()],
    root: { level: 5 },
    ...config,
  });
}

const candidates: readonly Candidate[] = KERNELS.flatMap((kernel) =>
  (Object.keys(MODES) as Mode[]).map((mode) => ({ name: `${kernel} ${mode}`, mmu: mmuOf(kernel, mode) })),
);

/** The context of a run, as the candidates name it. */
function contextOf({
  kernel,
  vendor,
  ept = true,
  eptAd = true,
  npt = true,
}: (typeof realRuns)[number]['config']): string {
  const release = kernel.split('.').slice(0, 2).join('.');
  const layout = release === '7.2' ? '7.3' : release;
  const shadow = vendor === 'vmx' ? !ept : !npt;
  if (shadow) return `${layout} ${vendor} shadow`;
  return vendor === 'svm' ? `${layout} npt` : `${layout} ept with${eptAd ? '' : 'out'} A/D`;
}

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
      { numRuns: 2000 },
    );
  });

  it('can change into any other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...candidates), value, value, level, ({ mmu }, from, to, at) => {
        expect(explainChange(mmu, from, to, at).events.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a handful of values', () => {
  it.each(realRuns.map((run): [string, typeof run] => [run.run, run]))(
    'of %s fits the context that wrote it best, or as well as any other',
    (_name, { config, sptes }) => {
      // Every 40th entry: tables, mappings, MMIO as they come.
      const samples = sptes
        .filter((_, i) => i % 40 === 0)
        .map(([value, level]) => ({ value: word(value), level }));
      const fits = rankContexts(samples, candidates);
      const right = fits.find(({ name }) => name === contextOf(config));
      expect(right?.findings).toEqual([]);
      expect(right?.clean).toBe(samples.length);
      expect(fits[0]?.findings).toEqual([]);
    },
  );

  it('that only one layout allows names its kernel', () => {
    const fits = rankContexts([{ value: 0x80a0000000200f77n, level: 1 }], candidates);
    const clean = fits.filter(({ findings }) => findings.length === 0).map(({ name }) => name);
    expect(clean).toEqual(['7.3 ept with A/D', '7.3 ept without A/D']);
    expect(fits.slice(0, 2).map(({ name }) => name)).toEqual(clean);
  });
});

describe('a value of an unknown kernel', () => {
  it('is read once where all kernels agree', () => {
    const npt = candidates.filter(({ name }) => name.endsWith('npt') && !name.startsWith('5'));
    const { agreed, readings } = explainAcross(0x1003eb27e67n, 1, npt);
    expect(readings.map(({ contexts }) => contexts)).toEqual([['6.1 npt', '6.12 npt'], ['7.3 npt']]);
    expect(agreed).toContainEqual({ name: 'address', mask: 0xffffffffff000n, text: '0x1003eb27000' });
    expect(agreed.map(({ name }) => name)).toContain('mmuWritable');
  });

  it('has no reading where there is no context', () => {
    expect(explainAcross(0x5a0n, 1, [])).toEqual({ value: 0x5a0n, agreed: [], readings: [] });
  });

  it('is read in each way where they differ, the clean ones first', () => {
    const { readings } = explainAcross(0x5a0n, 1, candidates);
    const frozen = readings.find(({ explanation }) => explanation.kind === 'frozen');
    expect(frozen?.contexts.every((name) => name.startsWith('6.1 '))).toBe(true);
    expect(readings[0]?.explanation.findings).toEqual([]);
    expect(readings.length).toBeGreaterThan(1);
  });
});
