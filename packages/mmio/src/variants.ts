// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, type Variant } from '@spte/core';
import type { MMIO_DIAGNOSTICS } from './diagnostics.ts';

/** What may be wrong with an MMIO mask. */
export type MmioMaskCode = Extract<keyof typeof MMIO_DIAGNOSTICS, `mmio-mask.${string}`>;

/** What a kernel asks of an MMIO mask, in its order. */
export interface MmioMaskChecks {
  /** What stops the kernel: nothing is stored. */
  readonly bugs: readonly MmioMaskCode[];
  /** What it only complains about. */
  readonly warns: readonly MmioMaskCode[];
  /** What makes the value 0, once the user's wish is known. */
  readonly zeroes: readonly MmioMaskCode[];
}

const UNTIL_5_4_38: MmioMaskChecks = {
  bugs: ['mmio-mask.access-too-wide', 'mmio-mask.value-not-in-mask'],
  warns: [],
  zeroes: [],
};
const SINCE_5_13: MmioMaskChecks = {
  bugs: ['mmio-mask.access-too-wide'],
  warns: ['mmio-mask.value-in-lower-gfn'],
  zeroes: ['mmio-mask.l1tf-collision', 'mmio-mask.value-not-in-mask', 'mmio-mask.removed-collision'],
};

export const mmioMaskChecks: Variant<MmioMaskChecks> = defineVariant(
  'what an MMIO mask is checked for',
  { since: '5.4', value: UNTIL_5_4_38, change: 'BUG if the value is no subset of its mask' },
  {
    since: '5.4.49',
    value: { ...UNTIL_5_4_38, warns: ['mmio-mask.l1tf-collision', 'mmio-mask.value-in-lower-gfn'] },
    change: 'WARN if the value reaches into the gfn, moved by L1TF or not; it is stored all the same',
  },
  {
    since: '5.10',
    value: {
      bugs: ['mmio-mask.access-too-wide'],
      warns: ['mmio-mask.l1tf-collision', 'mmio-mask.value-in-lower-gfn'],
      zeroes: [],
    },
    change: 'there is no mask: the marker says what is MMIO',
  },
  { since: '5.13', value: SINCE_5_13, change: 'WARN, and the value becomes 0, if it cannot serve' },
  {
    since: '6.0',
    value: { ...SINCE_5_13, zeroes: ['mmio-mask.outside-allowed', ...SINCE_5_13.zeroes] },
    change: 'the mask may have certain bits only',
  },
  {
    since: '6.11',
    value: {
      ...SINCE_5_13,
      zeroes: [
        'mmio-mask.outside-allowed',
        'mmio-mask.l1tf-collision',
        'mmio-mask.value-not-in-mask',
        'mmio-mask.frozen-collision',
      ],
    },
    change: 'REMOVED is now called FROZEN; bit 63 alone matches it since 6.10',
  },
);

export const mmioWithoutReservedBit: Variant<bigint> = defineVariant(
  'MMIO value and mask of legacy paging where no address bit is reserved (52 bits)',
  { since: '5.4', value: 1n << 51n, change: 'bit 51, without P: such entries do not fault with RSVD' },
  { since: '5.4.49', value: 0n, change: 'none' },
);

export const warnsAboutZeroValue: Variant<boolean> = defineVariant(
  'building an MMIO SPTE while the MMIO value is 0',
  { since: '5.4', value: false, change: 'cannot happen: the marker is part of the value' },
  { since: '5.13', value: true, change: 'WARN' },
  { since: '6.16', value: false, change: 'legal: TDX does it' },
);

/** Which bits of an MMIO SPTE `mark_mmio_spte` prints as its access; null for those that it remembers. */
export const tracedAccess: Variant<bigint | null> = defineVariant<bigint | null>(
  'access in mark_mmio_spte',
  { since: '5.4', value: null, change: 'the access bits that the SPTE remembers, so that EPT shows 0' },
  { since: '5.10', value: 0x7n, change: 'bits 2:0 of the SPTE, so that EPT shows its MMIO value 6' },
  { since: '7.2', value: 0xfn, change: 'bits 3:0: the lowest generation bit leaks in' },
);

/** How the kernel log shows a walk with reserved bits. */
export interface ReservedDump {
  /** The function that writes it. */
  readonly by: 'walk_shadow_page_get_mmio_spte' | 'get_mmio_spte';
  /**
   * Whether every level is looked at and the present ones are shown with what is reserved. Else the first entry that is
   * not present ends the search, and all levels are shown.
   */
  readonly rsvdBits: boolean;
}

export const reservedDump: Variant<ReservedDump> = defineVariant<ReservedDump>(
  'reserved bits on the way to an MMIO SPTE, in the kernel log',
  {
    since: '5.4',
    value: { by: 'walk_shadow_page_get_mmio_spte', rsvdBits: false },
    change: '`walk_shadow_page_get_mmio_spte: detect reserved bits on spte, addr …, dump hierarchy:`',
  },
  {
    since: '5.10',
    value: { by: 'get_mmio_spte', rsvdBits: false },
    change: '`get_mmio_spte: detect reserved bits on spte, addr …, dump hierarchy:`',
  },
  {
    since: '5.13',
    value: { by: 'get_mmio_spte', rsvdBits: true },
    change: '`get_mmio_spte: reserved bits set on MMU-present spte, addr …, hierarchy:`, with the bits',
  },
);

/** Every difference between kernels that the rules of this package know, for the documentation. */
export const mmioVariants: readonly Variant<unknown>[] = [
  mmioMaskChecks,
  mmioWithoutReservedBit,
  warnsAboutZeroValue,
  tracedAccess,
  reservedDump,
];
