// SPDX-License-Identifier: GPL-2.0-only
import {
  type Candidate,
  compareBuilds,
  compareMmus,
  createMmu,
  explainAcross,
  explainChange,
  explainSpte,
  type Mmu,
  type MmuConfig,
  makeSpte,
  pageRole,
  plainHost,
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

describe('two configurations', () => {
  const leaf = (mmu: Mmu): bigint =>
    makeSpte(mmu, plainHost, { role: pageRole({ access: 0xf }), gfn: 0x100n, pfn: 0x200n }).spte;

  it('are equal to themselves', () => {
    const mmu = mmuOf('6.8', 'ept with A/D');
    expect(compareMmus(mmu, mmu)).toEqual({ masks: [], layout: [], reserved: [] });
    expect(compareBuilds(mmu, mmu, leaf).bits).toEqual([]);
  });

  it('differ in A/D masks and in the bits that these set', () => {
    const withAd = mmuOf('6.8', 'ept with A/D');
    const without = mmuOf('6.8', 'ept without A/D');
    const names = compareMmus(withAd, without).masks.map(({ name }) => name);
    expect(names).toEqual(['accessed', 'dirty', 'kvmAdEnabled', 'cpuDirtyLogSize']);
    const built = compareBuilds(withAd, without, leaf);
    expect(built.bits.map(({ bit, in: side }) => `${bit}${side}`)).toEqual(['8a', '9a']);
    expect(built.bits[0]?.reasons[0]).toMatchObject({ rule: 'make_spte', bits: 0x100n });
  });

  it('differ in mmio_caching', () => {
    const on = mmuOf('6.8', 'npt');
    const off = mmuOf('6.8', 'npt', { policies: [l1tf, mmio({ mmioCaching: false })] });
    const { masks } = compareMmus(on, off);
    expect(masks.map(({ name }) => name)).toEqual([
      'mmioValue',
      'vmMmioValue',
      'enableMmioCaching',
      'allowMmioCaching',
    ]);
    expect(masks[0]?.setBy.a).toBe('kvm_mmu_set_mmio_spte_mask');
  });

  it('differ between 6.1 and 7.2 in layout, masks and the leaf', () => {
    const old = mmuOf('6.1', 'ept with A/D');
    const recent = mmuOf('7.2', 'ept with A/D');
    const { layout, masks } = compareMmus(old, recent);
    expect(layout.map(({ name }) => name)).toEqual([
      'hostWritable',
      'mmuWritable',
      'adType',
      'savedBits',
      'mmioGeneration',
      'mmioAllowed',
      'frozen',
      'empty',
    ]);
    expect(layout.find(({ name }) => name === 'savedBits')).toEqual({
      name: 'savedBits',
      a: 'mask: 0x5; shift: 0x36; fields: bit 54, bit 56',
      b: 'mask: 0x405; shift: 0x34; fields: bit 52, bit 54, bit 62',
    });
    expect(layout.find(({ name }) => name === 'mmioGeneration')).toMatchObject({
      a: 'low: bits 10:3; high: bits 62:52; lowShift: 0x3; highShift: 0x2c; mask: 0x7ffff',
    });
    expect(masks.map(({ name }) => name)).toContain('xu');
    expect(compareBuilds(old, recent, leaf)).toMatchObject({
      a: 0x600000000200b77n,
      b: 0x80a0000000200f77n,
    });
  });

  it('differ in the MMIO marker and the MMU-present bit across 5.13', () => {
    const { layout } = compareMmus(mmuOf('5.10', 'npt'), mmuOf('5.13', 'npt'));
    expect(layout.find(({ name }) => name === 'mmuPresent')).toEqual({
      name: 'mmuPresent',
      a: 'none',
      b: 'bit 11',
    });
    expect(layout.find(({ name }) => name === 'mmioMarker')).toEqual({
      name: 'mmioMarker',
      a: 'bits 53:52',
      b: 'none',
    });
  });

  it('differ in what they reserve', () => {
    const narrow = mmuOf('6.8', 'npt');
    const wide = mmuOf('6.8', 'npt', { host: { physBits: 48 } });
    const { reserved } = compareMmus(narrow, wide);
    expect(reserved).toContainEqual({ level: 1, bit7: false, a: 0xfff0000000000n, b: 0xf000000000000n });
    expect(reserved.some(({ bit7 }) => bit7)).toBe(true);
  });
});
