// SPDX-License-Identifier: GPL-2.0-only
import {
  type Comparison,
  compareBuilds,
  compareKernelVersions,
  compareMmus,
  constantText,
  coreVariants,
  formatKernelVersion,
  type KernelFunction,
  kernelFunctions,
  kernelHas,
  LAYOUT_MEANINGS,
  type LayoutConstant,
  layouts,
  type Mmu,
  makeSpte,
  pageRole,
  parseKernelVersion,
  plainHost,
  toJson,
  type Variant,
} from '@spte/core';
import { MACHINE_NAMES, machine } from '@spte/testing/machines';
import { oneIn } from '@spte/testing/sampled';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = (kernel: string): Mmu => machine('EPT with A/D', { kernel });
const npt = (kernel: string): Mmu => machine('NPT', { kernel });

const built = ({ behaviours }: Comparison, name: string) => behaviours.find((each) => each.name === name);

describe('two machines', () => {
  const leaf = (mmu: Mmu): bigint =>
    makeSpte(mmu, plainHost, { role: pageRole({ access: 0xf }), gfn: 0x100n, pfn: 0x200n }).spte;

  it('are equal to themselves', () => {
    const { equal, behaviours, ...differences } = compareMmus(ept('6.8'), ept('6.8'));
    expect(equal).toBe(true);
    expect(Object.values(differences)).toEqual([[], [], [], [], []]);
    expect(behaviours.map(({ name, equal }) => [name, equal])).toEqual(
      [
        'leaf',
        'leaf-2M',
        'leaf-1G',
        'write-protected',
        'prefetched',
        'synchronized',
        'over-a-table',
        'nested',
        'device',
        'table',
        'split',
        'ageing',
        'mmio',
      ].map((name) => [name, true]),
    );
    expect(compareBuilds(ept('6.8'), ept('6.8'), leaf).bits).toEqual([]);
  });

  it('are compared without policies, too', () => {
    const mmu = mmuOf(eptVendor);
    const { equal, behaviours } = compareMmus(mmu, mmuOf(eptVendor, { kernel: '6.9' }));
    expect(equal).toBe(true);
    expect(behaviours.map(({ name }) => name)).not.toContain('mmio');
  });

  it('differ in A/D masks and in the bits that these set', () => {
    const [withAd, without] = [ept('6.8'), machine('EPT without A/D')];
    const comparison = compareMmus(withAd, without);
    expect(comparison.masks.map(({ name }) => name)).toEqual([
      'accessed',
      'dirty',
      'kvmAdEnabled',
      'cpuDirtyLogSize',
    ]);
    expect(compareBuilds(withAd, without, leaf).bits.map(({ bit, in: side }) => `${bit}${side}`)).toEqual([
      '8a',
      '9a',
    ]);
    const bits = built(comparison, 'leaf')?.bits;
    expect(bits?.map(({ bit, in: side }) => `${bit}${side}`)).toEqual(['8a', '9a', '52b']);
    expect(bits?.[0]?.reasons[0]).toMatchObject({ rule: 'make_spte', bits: 0x100n });
    expect(built(comparison, 'ageing')?.calls).toEqual({
      a: ['mmu_try_to_unsync_pages'],
      b: ['mmu_try_to_unsync_pages', 'kvm_set_pfn_dirty'],
    });
  });

  it('differ in whether MMIO is cached, and in what the kernel complains about then', () => {
    const [on, off] = [npt('6.8'), machine('NPT that cannot cache MMIO')];
    const comparison = compareMmus(on, off);
    expect(comparison.masks.map(({ name, setBy }) => [name, setBy.a])).toContainEqual([
      'mmioValue',
      'kvm_mmu_set_mmio_spte_mask',
    ]);
    expect(built(comparison, 'mmio')).toMatchObject({
      equal: false,
      warnings: { a: [], b: ['mmio.value-zero'] },
    });
  });

  it('differ between 6.1 and 7.2 in layout, masks and every entry', () => {
    const comparison = compareMmus(ept('6.1'), ept('7.2'));
    expect(comparison.layout.map(({ name }) => name)).toEqual([
      'hostWritable',
      'mmuWritable',
      'adType',
      'savedBits',
      'mmioGeneration',
      'mmioAllowed',
      'frozen',
      'empty',
    ]);
    const texts = comparison.layout.map(({ name, a, b }) => [name, constantText(a), constantText(b)]);
    expect(texts).toContainEqual([
      'savedBits',
      'mask: 0x5; shift: 0x36; fields: bit 54, bit 56',
      'mask: 0x405; shift: 0x34; fields: bit 52, bit 54, bit 62',
    ]);
    expect(texts).toContainEqual([
      'mmioGeneration',
      'low: bits 10:3; high: bits 62:52; lowShift: 0x3; highShift: 0x2c; mask: 0x7ffff',
      'low: bits 9:3; high: bits 62:52; lowShift: 0x3; highShift: 0x2d; mask: 0x3ffff',
    ]);
    expect(comparison.masks.map(({ name }) => name)).toContain('xu');
    expect(built(comparison, 'leaf')).toMatchObject({ a: 0x600000000200b77n, b: 0x80a0000000200f77n });
    expect(comparison.behaviours.filter(({ equal }) => equal)).toEqual([]);
  });

  it('differ in the MMIO marker and the MMU-present bit across 5.13', () => {
    const texts = compareMmus(npt('5.10'), npt('5.13')).layout.map(({ name, a, b }) => [
      name,
      constantText(a),
      constantText(b),
    ]);
    expect(texts).toContainEqual(['mmuPresent', 'none', 'bit 11']);
    expect(texts).toContainEqual(['mmioMarker', 'bits 53:52', 'none']);
    expect(texts).toContainEqual(['mmioMarkerAlone', 'yes', 'no']);
  });

  it('differ in what they reserve', () => {
    const { reserved } = compareMmus(
      machine('NPT', { host: { physBits: 40 } }),
      machine('NPT', { host: { physBits: 48 } }),
    );
    expect(reserved).toContainEqual({ level: 1, bit7: false, a: 0xfff0000000000n, b: 0xf000000000000n });
    expect(reserved.some(({ bit7 }) => bit7)).toBe(true);
  });

  it('differ in huge leaves where one of them forbids their execution', () => {
    const off = machine('EPT with A/D', { params: { nxHugePages: false } });
    const { equal, behaviours } = compareMmus(ept('6.8'), off);
    expect(equal).toBe(false);
    const differing = behaviours.filter(({ equal }) => !equal);
    expect(differing.map(({ name }) => name)).toEqual(['leaf-2M', 'leaf-1G', 'over-a-table']);
    // Not those of the table that was there before.
    const reasons = differing.flatMap(({ bits }) => bits.flatMap(({ reasons }) => reasons));
    expect(reasons.map(({ why }) => why)).toEqual(differing.map(() => 'fetches are allowed'));
  });

  it('differ by a stable fix, in words and in what it makes', () => {
    const comparison = compareMmus(ept('6.1'), ept('6.1.192'));
    expect(comparison.variants).toEqual([
      {
        topic: 'which writable old SPTE spares a new one the unsync attempt',
        a: 'always, by any old value with bit 1 set, an MMIO or a non-leaf SPTE too',
        b: 'by a last-level one (level 1, or bit 7 set)',
      },
    ]);
    expect(comparison.behaviours.filter(({ equal }) => !equal)).toMatchObject([
      {
        name: 'over-a-table',
        bits: [{ bit: 9, in: 'b' }],
        calls: { a: [], b: ['mmu_try_to_unsync_pages'] },
      },
    ]);
  });

  it('differ where only the host is told something else, or only one kernel complains', () => {
    const on = (kernel: string): Mmu => machine('EPT without A/D', { kernel });
    expect(built(compareMmus(on('6.1'), on('6.1.192')), 'over-a-table')).toMatchObject({
      equal: false,
      bits: [],
      calls: { a: [], b: ['mmu_try_to_unsync_pages'] },
    });
    expect(built(compareMmus(npt('5.13'), npt('5.14'), { pfn: 1n << 38n }), 'leaf')).toMatchObject({
      equal: false,
      bits: [],
      warnings: { a: [], b: ['make.rsvd-bits'] },
    });
  });

  it('differ in functions that only one of them has', () => {
    const comparison = compareMmus(ept('5.17'), ept('5.18'));
    expect(comparison.functions).toEqual([
      { name: 'check_spte_writable_invariants', in: 'b' },
      { name: 'is_mmu_writable_spte', in: 'b' },
      { name: 'kvm_mmu_max_gfn', in: 'b' },
      { name: 'make_huge_page_split_spte', in: 'b' },
      { name: 'make_spte_executable', in: 'b' },
      { name: 'trace_kvm_mmu_split_huge_page', in: 'b' },
    ]);
    expect(built(comparison, 'split')).toMatchObject({
      equal: false,
      a: null,
      b: 0x6000000003ffb77n,
      bits: [],
    });
    expect(built(compareMmus(ept('5.18'), ept('5.17')), 'split')).toMatchObject({ b: null, bits: [] });
    expect(built(compareMmus(ept('5.16'), ept('5.17')), 'split')?.equal).toBe(true);
    expect(compareMmus(ept('6.9'), ept('6.10')).functions).toEqual([
      { name: 'is_ept_ve_possible', in: 'b' },
      { name: 'kvm_mmu_changed_pte_notifier_make_spte', in: 'a' },
    ]);
  });

  it('are compared by the page and the level that are asked for', () => {
    const page = { gfn: 0x12345n, pfn: 0x6789an };
    const { behaviours } = compareMmus(ept('6.8'), ept('6.8'), { ...page, level: 2 });
    expect(behaviours.map(({ name, level }) => [name, level])).toEqual([
      ['leaf-2M', 2],
      ['over-a-table', 2],
      ['table', 2],
    ]);
    expect(behaviours.map(({ a }) => a)).toEqual([0x600000067800bf3n, 0x6000000678009f3n, 0x6789a907n]);
    const all = compareMmus(ept('6.8'), ept('6.8'), page);
    expect(built(all, 'leaf')?.a).toBe(0x60000006789ab77n);
    expect(built(all, 'leaf-1G')?.a).toBe(0x600000040000bf3n);
    expect(built(all, 'mmio')?.a).toBe(0x123000001234522en);
    expect(() => compareMmus(ept('6.8'), ept('6.8'), { gfn: -1n })).toThrow('gfn must be');
  });
});

describe('what is known of two kernels', () => {
  const variantsOf = ({ vendor, policies }: Mmu): readonly Variant<unknown>[] => [
    ...coreVariants,
    ...[vendor, ...policies].flatMap(({ variants = [] }) => variants),
  ];
  const allVariants = [...new Set(MACHINE_NAMES.flatMap((name) => variantsOf(machine(name))))];
  const spans = Object.values(kernelFunctions);

  /** Each release in which something is not as in the one before, and some in which nothing is new. */
  const kernels = [
    ...new Set([
      ...layouts.map(({ since }) => since),
      ...allVariants.flatMap(({ rows }) => rows.map(({ since }) => since)),
      ...spans.flatMap(({ since, gone }) => (gone === null ? [since] : [since, gone])),
      '6.8',
      '6.9',
      '7.3.4',
    ]),
  ].toSorted((a, b) => compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));

  const text = (value: unknown): string => JSON.stringify(toJson(value));
  const constantsOf = ({ layout }: Mmu): unknown => {
    const { since: _since, until: _until, commits: _commits, ...constants } = layout;
    return constants;
  };
  const known = (mmu: Mmu): string => {
    const values = variantsOf(mmu).map((variant) => variant(mmu.kernel));
    const functions = Object.keys(kernelFunctions) as KernelFunction[];
    return text([constantsOf(mmu), values, functions.map((name) => kernelHas(mmu.kernel, name))]);
  };

  it('is the same value wherever it is alike, so that identity tells', () => {
    const isTold = (values: readonly unknown[], inWords: (value: unknown) => string): boolean =>
      new Set(values).size === new Set(values.map(inWords)).size;
    const variantIsTold = ({ rows }: Variant<unknown>): boolean =>
      isTold(
        rows.map(({ value }) => value),
        text,
      );
    expect(allVariants.filter((variant) => !variantIsTold(variant)).map(({ topic }) => topic)).toEqual([]);
    const constants = Object.keys(LAYOUT_MEANINGS) as LayoutConstant[];
    const constantIsTold = (name: LayoutConstant): boolean =>
      isTold(
        layouts.map((layout) => layout[name]),
        constantText,
      );
    expect(constants.filter((name) => !constantIsTold(name))).toEqual([]);
  });

  it.each(MACHINE_NAMES)('is told, and nothing else is: %s', (name) => {
    const mmus = kernels.map((kernel) => machine(name, { kernel })).map((mmu) => ({ mmu, all: known(mmu) }));
    const near = mmus.slice(1).map((b, i) => ({ a: mmus[i] as (typeof mmus)[number], b }));
    const pairs = mmus.flatMap((a, i) => mmus.slice(i).map((b) => ({ a, b })));
    const wrong = [...near, ...oneIn(16, pairs)].filter(
      ({ a, b }) => compareMmus(a.mmu, b.mmu).equal !== (a.all === b.all),
    );
    const releases = wrong.map(({ a, b }) => [a, b].map(({ mmu }) => formatKernelVersion(mmu.kernel)));
    expect(releases).toEqual([]);
  });
});
