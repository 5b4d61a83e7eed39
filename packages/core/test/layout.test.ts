// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitField,
  bitNumbers,
  bits,
  EPT,
  type EptField,
  isKernelCovered,
  type Layout,
  layoutFor,
  layouts,
  overlappingFields,
  PT,
  parseKernelVersion,
} from '@spte/core';
import { describe, expect, it } from 'vitest';

const at = (kernel: string): Layout => layoutFor(parseKernelVersion(kernel));

const place = ({ high, low }: BitField): [number, number] => [high, low];

/** What a layout says, as bit numbers. */
const numbers = (layout: Layout) => ({
  mmuPresent: layout.mmuPresent === null ? null : place(layout.mmuPresent),
  hostWritable: { ept: place(layout.hostWritable.ept), legacy: place(layout.hostWritable.legacy) },
  mmuWritable: { ept: place(layout.mmuWritable.ept), legacy: place(layout.mmuWritable.legacy) },
  adType: place(layout.adType),
  savedBits: { mask: layout.savedBits.mask, shift: layout.savedBits.shift },
  mmioMarker: layout.mmioMarker === null ? null : place(layout.mmioMarker),
  mmioMarkerAlone: layout.mmioMarkerAlone,
  generation: {
    low: place(layout.mmioGeneration.low),
    high: place(layout.mmioGeneration.high),
    mask: layout.mmioGeneration.mask,
    highShift: layout.mmioGeneration.highShift,
  },
  mmioAllowed: layout.mmioAllowed,
  frozen: layout.frozen,
  empty: layout.empty,
});

/** Read from the sources of each kernel; on 5.10, 6.1, 6.12 and 7.2 running kernels were looked at as well. */
const before5_13 = {
  mmuPresent: null,
  hostWritable: { ept: [10, 10], legacy: [10, 10] },
  mmuWritable: { ept: [11, 11], legacy: [11, 11] },
  adType: [53, 52],
  savedBits: { mask: 0x5n, shift: 54n },
  mmioMarker: [53, 52],
  mmioMarkerAlone: false,
  empty: 0n,
};

const generation5_10 = { low: [11, 3], high: [62, 54], mask: 0x3ffffn, highShift: 45n };

const since5_13 = {
  mmuPresent: [11, 11],
  hostWritable: { ept: [57, 57], legacy: [9, 9] },
  mmuWritable: { ept: [58, 58], legacy: [10, 10] },
  adType: [53, 52],
  savedBits: { mask: 0x5n, shift: 54n },
  mmioMarker: null,
  mmioMarkerAlone: false,
  generation: { low: [10, 3], high: [62, 52], mask: 0x7ffffn, highShift: 44n },
  mmioAllowed: 0x800f_ffff_ffff_f007n,
};

const EXPECTED = {
  '5.4.0': {
    ...before5_13,
    generation: { low: [11, 3], high: [61, 52], mask: 0x7ffffn, highShift: 52n },
    frozen: null,
  },
  '5.4.19': {
    ...before5_13,
    generation: { low: [11, 3], high: [62, 54], mask: 0x3ffffn, highShift: 54n },
    frozen: null,
  },
  '5.4.85': { ...before5_13, generation: generation5_10, frozen: null },
  '5.10': { ...before5_13, generation: generation5_10, mmioMarkerAlone: true, frozen: null },
  '5.12': {
    ...before5_13,
    generation: generation5_10,
    mmioMarkerAlone: true,
    frozen: 0x0800_0000_0000_0000n,
  },
  '5.13': { ...since5_13, frozen: 0x5a0n, empty: 0n },
  '6.10': { ...since5_13, frozen: 0x8000_0000_0000_05a0n, empty: 0x8000_0000_0000_0000n },
  '7.2': {
    ...since5_13,
    hostWritable: { ept: [53, 53], legacy: [9, 9] },
    mmuWritable: { ept: [55, 55], legacy: [10, 10] },
    adType: [61, 60],
    savedBits: { mask: 0x405n, shift: 52n },
    generation: { low: [9, 3], high: [62, 52], mask: 0x3ffffn, highShift: 45n },
    mmioAllowed: 0x800f_ffff_ffff_f407n,
    frozen: 0x8000_0000_0000_01a0n,
    empty: 0x8000_0000_0000_0000n,
  },
};

describe('the layouts', () => {
  it('are these, oldest first', () => {
    expect(layouts.map(({ since }) => since)).toEqual(Object.keys(EXPECTED));
  });

  it.each(Object.entries(EXPECTED))('since %s are where the kernel has them', (kernel, expected) => {
    expect(numbers(at(kernel))).toMatchObject(expected);
  });

  it.each([
    // Immediates in the machine code of make_mmio_spte() and of the access-tracking code.
    ['5.10', { low: 0xff8n, high: 0x7fc0_0000_0000_0000n, saved: 0x0140_0000_0000_0000n }],
    ['6.1', { low: 0x7f8n, high: 0x7ff0_0000_0000_0000n, saved: 0x0140_0000_0000_0000n }],
    ['6.12', { low: 0x7f8n, high: 0x7ff0_0000_0000_0000n, saved: 0x0140_0000_0000_0000n }],
    ['7.3', { low: 0x3f8n, high: 0x7ff0_0000_0000_0000n, saved: 0x4050_0000_0000_0000n }],
  ])('have the masks that %s was compiled with', (kernel, { low, high, saved }) => {
    const { mmioGeneration, savedBits } = at(kernel);
    expect(mmioGeneration.low.mask).toBe(low);
    expect(mmioGeneration.high.mask).toBe(high);
    expect(savedBits.mask << savedBits.shift).toBe(saved);
  });

  it.each([
    ['2.6', '5.4.0'],
    ['5.3', '5.4.0'],
    ['5.4.18', '5.4.0'],
    ['5.4.19', '5.4.19'],
    ['5.4.84', '5.4.19'],
    ['5.4.85', '5.4.85'],
    ['5.4', '5.4.85'],
    ['5.4.0-216-generic', '5.4.85'],
    ['5.9.16', '5.4.85'],
    ['5.10', '5.10'],
    ['5.11.22', '5.10'],
    ['5.12', '5.12'],
    ['5.12.9', '5.12'],
    ['5.13', '5.13'],
    ['6.8', '5.13'],
    ['6.9.99', '5.13'],
    ['6.10', '6.10'],
    ['7.1', '6.10'],
    ['7.1.999', '6.10'],
    ['7.2', '7.2'],
    ['99.0', '7.2'],
  ])('serve kernel %s by the one since %s', (kernel, since) => {
    expect(at(kernel).since).toBe(since);
  });

  it('hold until the release before the next, or for ever', () => {
    expect(layouts.map(({ until }) => until)).toEqual([
      '5.4.18',
      '5.4.84',
      '5.9',
      '5.11',
      '5.12',
      '6.9',
      '7.1',
      null,
    ]);
    expect(layouts.map(({ since, until }) => at(until ?? since).since)).toEqual(
      layouts.map(({ since }) => since),
    );
  });

  it.each([
    ['5.3', false],
    ['5.4', true],
    ['6.9', true],
    ['7.3', true],
    ['7.3.4', true],
    ['7.4', false],
    ['99.0', false],
  ])('cover kernel %s: %s', (kernel, covered) => {
    expect(isKernelCovered(parseKernelVersion(kernel))).toBe(covered);
  });
});

/** Bits of an EPT entry that KVM does not use yet in a kernel: the CPU ignores them then. */
function unusedEpt({ since }: Layout): readonly EptField[] {
  if (since === '7.2') return [];
  return since === '6.10' ? ['userExecutable'] : ['userExecutable', 'suppressVe'];
}

const formats = ['ept', 'legacy'] as const;

const hardware = (layout: Layout, format: (typeof formats)[number]): BitField[] =>
  format === 'legacy'
    ? Object.values(PT)
    : Object.values(EPT).filter(({ name }) => !unusedEpt(layout).includes(name));

/** Bits of a present SPTE that are KVM's own. */
const software = (layout: Layout, format: (typeof formats)[number]): BitField[] => [
  ...(layout.mmuPresent === null ? [] : [layout.mmuPresent]),
  layout.hostWritable[format],
  layout.mmuWritable[format],
  layout.adType,
  ...layout.savedBits.fields,
];

const names = (pairs: readonly (readonly BitField[])[]): string[] =>
  pairs.map((pair) => pair.map(({ name }) => name).join('/'));

const layoutsByFormat = layouts.flatMap((layout) =>
  formats.map((format) => ({ since: layout.since, format, layout })),
);

/**
 * Overlaps that the kernel has, each with the reason for which it is none.
 *
 * - 7.2 keeps host- and MMU-writable of EPT between the saved bits, which do not collide: nothing to except.
 * - 5.4.0's MMIO generation goes over the marker: see the test of its own.
 */
const TOLERATED: readonly string[] = [];

describe.each(layoutsByFormat)('the layout since $since in $format tables', ({ layout, format }) => {
  it('has no two fields of KVM in one bit', () => {
    expect(names(overlappingFields(software(layout, format)))).toEqual(TOLERATED);
  });

  it('has no field of KVM where the CPU reads something that KVM enables', () => {
    const pairs = software(layout, format).flatMap((own) =>
      hardware(layout, format)
        .filter(({ mask }) => (own.mask & mask) !== 0n)
        .map((field) => [own, field]),
    );
    expect(names(pairs)).toEqual(TOLERATED);
  });

  it('keeps the saved permissions where its fields say', () => {
    const { mask, shift, fields } = layout.savedBits;
    expect(fields.reduce((sum, field) => sum | field.mask, 0n)).toBe(mask << shift);
    // What is saved are permissions of EPT: R, X, and later user-X.
    const permissions = [EPT.readable, EPT.executable, EPT.userExecutable];
    expect(mask & ~permissions.reduce((sum, field) => sum | field.mask, 0n)).toBe(0n);
  });

  it('marks every field of its own as KVM’s', () => {
    for (const { owner, meaning } of software(layout, format)) {
      expect(owner).toBe('kvm');
      expect(meaning).not.toBe('');
    }
  });
});

describe.each(layouts.map((layout) => ({ since: layout.since, layout })))(
  'an MMIO SPTE of the layout since $since',
  ({ since, layout }) => {
    const { low, high, mask, highShift } = layout.mmioGeneration;

    it('keeps the generation clear of value and mask, and of the address', () => {
      for (const { mask } of [low, high]) {
        expect(mask & layout.mmioAllowed).toBe(0n);
        expect(mask & EPT.address.mask).toBe(0n);
      }
      expect(low.mask & high.mask).toBe(0n);
    });

    it('is never taken for a present one', () => {
      const everything = low.mask | high.mask | layout.mmioAllowed | EPT.address.mask;
      expect(everything & (layout.mmuPresent?.mask ?? 0n)).toBe(0n);
    });

    it('keeps the marker clear of the generation, but in 5.4.0', () => {
      const overlap = (layout.mmioMarker?.mask ?? 0n) & (low.mask | high.mask);
      // 5.4.0 shifted the generation over the marker: a bug of that kernel, fixed in 5.4.19.
      expect(overlap).toBe(since === '5.4.0' ? bits(53, 52) : 0n);
    });

    it('has a place for every bit of the generation, but in early 5.4.y', () => {
      const width = bitNumbers(mask).length;
      expect(mask).toBe(bits(width - 1, 0));
      expect(bitNumbers(low.mask | high.mask)).toHaveLength(width);
      // The low bits of the number go to `low`, the next to `high`; early 5.4.y put the lowest ones there again.
      const next = ['5.4.0', '5.4.19'].includes(since) ? 0 : bitNumbers(low.mask).length;
      expect(high.shift - highShift).toBe(BigInt(next));
    });
  },
);

describe.each(layouts.map((layout) => ({ since: layout.since, layout })))(
  'a frozen SPTE of the layout since $since',
  ({ since, layout }) => {
    const frozen = layout.frozen ?? 0n;

    it('is neither present, nor empty, nor has an address', () => {
      expect(frozen & (layout.mmuPresent?.mask ?? 0n)).toBe(0n);
      expect(frozen & EPT.address.mask).toBe(0n);
      expect(layout.frozen).not.toBe(layout.empty);
    });

    it('allows the CPU nothing, in either format', () => {
      expect(frozen & (EPT.readable.mask | EPT.writable.mask | EPT.executable.mask)).toBe(0n);
      expect(frozen & PT.present.mask).toBe(0n);
    });

    it('cannot be an MMIO SPTE by any legal mask', () => {
      // Since 6.10 both have bit 63 in EPT; the value, write and execute, keeps them apart.
      const shared = frozen & layout.mmioAllowed;
      expect(shared).toBe(['6.10', '7.2'].includes(since) ? 1n << 63n : 0n);
      expect(shared & 0x6n).toBe(0n);
    });

    it('is not what a zapped entry holds', () => {
      expect(layout.empty & (layout.mmuPresent?.mask ?? 0n)).toBe(0n);
      expect(layout.empty & ~EPT.suppressVe.mask).toBe(0n);
    });
  },
);
