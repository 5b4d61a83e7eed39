// SPDX-License-Identifier: GPL-2.0-only
import {
  compareBuilds,
  compareMmus,
  type Mmu,
  makeSpte,
  pageRole,
  plainHost,
  rankContexts,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { candidates, mmuIn } from '@spte/testing/contexts';
import { realRuns, word } from '@spte/testing/real-runs';
import { describe, expect, it } from 'vitest';

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
});

describe('two configurations', () => {
  const leaf = (mmu: Mmu): bigint =>
    makeSpte(mmu, plainHost, { role: pageRole({ access: 0xf }), gfn: 0x100n, pfn: 0x200n }).spte;

  it('are equal to themselves', () => {
    const mmu = mmuIn('6.8', 'ept with A/D');
    expect(compareMmus(mmu, mmu)).toEqual({ masks: [], layout: [], reserved: [] });
    expect(compareBuilds(mmu, mmu, leaf).bits).toEqual([]);
  });

  it('differ in A/D masks and in the bits that these set', () => {
    const withAd = mmuIn('6.8', 'ept with A/D');
    const without = mmuIn('6.8', 'ept without A/D');
    const names = compareMmus(withAd, without).masks.map(({ name }) => name);
    expect(names).toEqual(['accessed', 'dirty', 'kvmAdEnabled', 'cpuDirtyLogSize']);
    const built = compareBuilds(withAd, without, leaf);
    expect(built.bits.map(({ bit, in: side }) => `${bit}${side}`)).toEqual(['8a', '9a']);
    expect(built.bits[0]?.reasons[0]).toMatchObject({ rule: 'make_spte', bits: 0x100n });
  });

  it('differ in mmio_caching', () => {
    const on = mmuIn('6.8', 'npt');
    const off = mmuIn('6.8', 'npt', { policies: [l1tf, mmio({ mmioCaching: false })] });
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
    const old = mmuIn('6.1', 'ept with A/D');
    const recent = mmuIn('7.2', 'ept with A/D');
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
      a: 'low: bits 10:3; high: bits 62:52; highShift: 0x2c; mask: 0x7ffff',
    });
    expect(masks.map(({ name }) => name)).toContain('xu');
    expect(compareBuilds(old, recent, leaf)).toMatchObject({
      a: 0x600000000200b77n,
      b: 0x80a0000000200f77n,
    });
  });

  it('differ in the MMIO marker and the MMU-present bit across 5.13', () => {
    const { layout } = compareMmus(mmuIn('5.10', 'npt'), mmuIn('5.13', 'npt'));
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
    const narrow = mmuIn('6.8', 'npt');
    const wide = mmuIn('6.8', 'npt', { host: { physBits: 48 } });
    const { reserved } = compareMmus(narrow, wide);
    expect(reserved).toContainEqual({ level: 1, bit7: false, a: 0xfff0000000000n, b: 0xf000000000000n });
    expect(reserved.some(({ bit7 }) => bit7)).toBe(true);
  });
});
