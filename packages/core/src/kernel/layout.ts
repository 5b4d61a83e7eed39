// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, field } from '../bits/bit-field.ts';
import { bit, bits } from '../bits/bits.ts';
import { byKernel, type KernelVersion, type Since } from './kernel-version.ts';

/** A software bit whose place depends on the format of the table that it stands in. */
export interface PerFormat {
  readonly ept: BitField;
  readonly legacy: BitField;
}

/** Where an MMIO SPTE keeps the memslot generation: the low part of the number in `low`, the rest in `high`. */
export interface GenerationBits {
  readonly low: BitField;
  readonly high: BitField;
  /** Left shift that brings the generation under `low`. */
  readonly lowShift: bigint;
  /** Left shift that brings the generation under `high`. */
  readonly highShift: bigint;
  /** The generation bits that an entry can hold. */
  readonly mask: bigint;
}

/** Where an access-tracked SPTE keeps the permissions that it lost: `(spte & mask) << shift`. */
export interface SavedBits {
  readonly mask: bigint;
  readonly shift: bigint;
  readonly fields: readonly BitField[];
}

/**
 * The bits of an SPTE whose meaning is KVM's own, fixed when that kernel was compiled; {@link LAYOUT_MEANINGS} says what
 * each is for.
 *
 * What the CPU reads is an {@link EntryFormat}; what KVM decides at start-up is in the mask registry.
 */
export interface Layout extends Since {
  /** Last release that has been read and found to have this layout; null while it is the newest. */
  readonly until: string | null;
  /** The upstream commits that made what differs from the row before, 12 hex digits each, as far as they are known. */
  readonly commits: readonly string[];
  /** Null where "present" was still "neither zero nor MMIO". */
  readonly mmuPresent: BitField<'mmuPresent'> | null;
  readonly hostWritable: PerFormat;
  readonly mmuWritable: PerFormat;
  /** 0 {@link AD_ENABLED}, 1 {@link AD_DISABLED}, 2 {@link AD_WRPROT_ONLY}. */
  readonly adType: BitField<'adType'>;
  readonly savedBits: SavedBits;
  /** Bits that are all set in an MMIO SPTE only; null where there are none. */
  readonly mmioMarker: BitField<'mmioMarker'> | null;
  /** Whether the marker alone makes an MMIO SPTE; else a configurable value and mask do, which have the marker in them. */
  readonly mmioMarkerAlone: boolean;
  readonly mmioGeneration: GenerationBits;
  readonly mmioAllowed: bigint;
  /** REMOVED up to 6.10, FROZEN since; null where there was none. */
  readonly frozen: bigint | null;
  readonly empty: bigint;
}

/** The constants of a layout. */
export type LayoutConstant = Exclude<keyof Layout, keyof Since | 'until' | 'commits'>;

/** What each constant of a layout is for, in a line. */
export const LAYOUT_MEANINGS: Readonly<Record<LayoutConstant, string>> = {
  mmuPresent: 'Set in every present entry.',
  hostWritable: 'Software bit: the page is writable in the host.',
  mmuWritable: 'Software bit: the SPTE may be made writable without mmu_lock.',
  adType: 'How accessed and dirty are kept.',
  savedBits: 'Where an access-tracked SPTE keeps the permissions that it lost.',
  mmioMarker: 'Marks an MMIO SPTE.',
  mmioMarkerAlone: 'Whether the marker alone makes an MMIO SPTE.',
  mmioGeneration: 'Where an MMIO SPTE keeps the memslot generation.',
  mmioAllowed: 'The only bits that the mask of an MMIO SPTE may have.',
  frozen: 'An entry that one CPU is busy changing.',
  empty: 'An entry that maps nothing.',
};

/** The A/D type of an entry whose accessed and dirty bits are used. */
export const AD_ENABLED = 0n;
/** The A/D type of an entry whose use is noticed by access tracking. */
export const AD_DISABLED = 1n;
/** The A/D type of an entry with A/D bits whose writes are logged by write-protection. */
export const AD_WRPROT_ONLY = 2n;
/** The A/D type that no entry has. */
export const AD_INVALID = 3n;

const hostWritable = (n: number): BitField<'hostWritable'> =>
  field('hostWritable', n, n, 'kvm', 'the page is writable in the host', {
    clear: 'the page is read-only in the host',
    why: 'set where KVM may make the SPTE writable again without asking the host',
  });

const mmuWritable = (n: number): BitField<'mmuWritable'> =>
  field('mmuWritable', n, n, 'kvm', 'a write fault may set W without mmu_lock', {
    clear: 'a write fault takes mmu_lock and asks whether W may be set',
    why: 'set where only dirty logging or access tracking may keep the page from being written',
  });

export const adType = (high: number, low: number): BitField<'adType'> =>
  field('adType', high, low, 'kvm', 'how accessed and dirty are kept', {
    values: {
      0: 'A/D bits',
      1: 'no A/D bits, access tracking',
      2: 'A/D bits, but writes are logged by write-protection',
      3: 'invalid',
    },
    why: "each SPTE says so itself: a nested guest's may differ from the others",
  });

export const saved = (name: string, n: number, what: string): BitField =>
  field(name, n, n, 'kvm', `${what} comes back when the page is used again`, {
    clear: `${what} was not there before the entry was access-tracked`,
    why: 'set where the entry had the permission, which comes back when the page is used again',
  });

/**
 * @param highStart the bit of the generation that stands lowest in `high`: the one after those in `low`
 * @param lowStart the bit of the generation that stands lowest in `low`
 */
export const generation = (
  low: readonly [number, number],
  high: readonly [number, number],
  highStart: number = low[0] - low[1] + 1,
  lowStart = 0,
): GenerationBits => {
  const lowField = field('mmioGenerationLow', ...low, 'kvm', 'low bits of the memslot generation');
  const highField = field('mmioGenerationHigh', ...high, 'kvm', 'high bits of the memslot generation');
  const length = lowField.high - lowField.low + 1 + highField.high - highField.low + 1;
  return {
    low: lowField,
    high: highField,
    lowShift: lowField.shift - BigInt(lowStart),
    highShift: highField.shift - BigInt(highStart),
    mask: bits(lowStart + length - 1, lowStart),
  };
};

/** Bits 63, 51:12 and 2:0: outside the generation, and never set in a frozen SPTE. */
const MMIO_ALLOWED = bit(63) | bits(51, 12) | bits(2, 0);

/*
 *  bits       63  62  61:60  59  58  57  56  55  54  53:52    11  10  9   8..3
 *  5.4.0 MMIO .   .   generation, 61:52 (and the marker)      generation, 11:3
 *  5.4 .. 5.12    .   .      .   .   .   X'  .   R'  type     MW  HW
 *  5.13 .. 7.1 EPT           .   MW  HW  X'  .   R'  type     P
 *  7.2 ..      EPT    XU'    type    .   .   .   MW  X'  HW,R'  P
 *  P present, HW/MW host-/MMU-writable, type A/D type, R' X' XU' saved permissions; legacy keeps HW/MW at 9/10.
 */

/** The row after another: what a release has differently, and the same otherwise. */
export const after = (
  before: Layout,
  change: Partial<Layout> & Pick<Layout, 'since' | 'until' | 'commits'>,
): Layout => ({ ...before, ...change });

export const v5_4_0: Layout = {
  since: '5.4.0',
  until: '5.4.18',
  commits: [],
  mmuPresent: null,
  hostWritable: { ept: hostWritable(10), legacy: hostWritable(10) },
  mmuWritable: { ept: mmuWritable(11), legacy: mmuWritable(11) },
  adType: adType(53, 52),
  savedBits: {
    mask: 0x5n,
    shift: 54n,
    fields: [saved('savedReadable', 54, 'R'), saved('savedExecutable', 56, 'X')],
  },
  mmioMarker: field('mmioMarker', 53, 52, 'kvm', '3 marks an MMIO SPTE'),
  mmioMarkerAlone: false,
  // 5.4.0 shifted the whole generation up by 52, over the marker: its low bits stand in both halves.
  mmioGeneration: generation([11, 3], [61, 52], 0),
  mmioAllowed: MMIO_ALLOWED,
  frozen: null,
  empty: 0n,
};

// The generation keeps off the marker, but its low bits stand in both halves still, and the others nowhere.
const v5_4_19: Layout = after(v5_4_0, {
  since: '5.4.19',
  until: '5.4.84',
  commits: ['56871d444bc4'],
  mmioGeneration: generation([11, 3], [62, 54], 0),
});

const v5_4_85: Layout = after(v5_4_19, {
  since: '5.4.85',
  until: '5.9',
  commits: ['34c0f6f2695a'],
  mmioGeneration: generation([11, 3], [62, 54]),
});

export const v5_10: Layout = after(v5_4_85, {
  since: '5.10',
  until: '5.11',
  commits: [],
  mmioMarkerAlone: true,
});

const v5_12: Layout = after(v5_10, { since: '5.12', until: '5.12', commits: [], frozen: bit(59) });

const v5_13: Layout = after(v5_4_0, {
  since: '5.13',
  until: '6.9',
  commits: [],
  mmuPresent: field('mmuPresent', 11, 11, 'kvm', 'shadow-present: a table or a mapping', {
    clear: 'not shadow-present',
    why: 'set so that one test tells these from MMIO, frozen and empty entries',
  }),
  hostWritable: { ept: hostWritable(57), legacy: hostWritable(9) },
  mmuWritable: { ept: mmuWritable(58), legacy: mmuWritable(10) },
  mmioMarker: null,
  mmioGeneration: generation([10, 3], [62, 52]),
  frozen: 0x5a0n,
});

const v6_10: Layout = after(v5_13, {
  since: '6.10',
  until: '7.1',
  commits: [],
  frozen: bit(63) | 0x5a0n,
  empty: bit(63),
});

const v7_2: Layout = after(v6_10, {
  since: '7.2',
  until: null,
  commits: [],
  hostWritable: { ept: hostWritable(53), legacy: hostWritable(9) },
  mmuWritable: { ept: mmuWritable(55), legacy: mmuWritable(10) },
  adType: adType(61, 60),
  savedBits: {
    mask: 0x405n,
    shift: 52n,
    fields: [
      saved('savedReadable', 52, 'R'),
      saved('savedExecutable', 54, 'X'),
      saved('savedUserExecutable', 62, 'XU'),
    ],
  },
  mmioGeneration: generation([9, 3], [62, 52]),
  mmioAllowed: MMIO_ALLOWED | bit(10),
  frozen: bit(63) | 0x1a0n,
});

/** The bit of every present entry; 0 where there is none. */
export function mmuPresentMask({ mmuPresent }: Layout): bigint {
  return mmuPresent?.mask ?? 0n;
}

/** Every layout since 5.4, oldest first. */
export const layouts: readonly [Layout, ...Layout[]] = [
  v5_4_0,
  v5_4_19,
  v5_4_85,
  v5_10,
  v5_12,
  v5_13,
  v6_10,
  v7_2,
];

/**
 * The layout of a kernel; the nearest one for a kernel outside the table (see {@link releaseCaveat}).
 *
 * @example
 * ```ts
 * import { layoutFor, parseKernelVersion } from '@spte/core';
 *
 * const { since, until } = layoutFor(parseKernelVersion('6.12'));
 * [since, until]; // [ '6.10', '7.1' ]
 * ```
 *
 * @example
 * ```ts
 * import { hex, layoutFor, parseKernelVersion } from '@spte/core';
 *
 * // The value of an entry that maps nothing.
 * ['6.9', '6.10'].map((kernel) => hex(layoutFor(parseKernelVersion(kernel)).empty)); // [ '0x0', '0x8000000000000000' ]
 * ```
 */
export const layoutFor: (kernel: KernelVersion) => Layout = byKernel(...layouts);
