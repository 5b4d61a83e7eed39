// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, type Variant } from '@spte/core';

export const frozenCollision: Variant<'mmio-mask.removed-collision' | 'mmio-mask.frozen-collision'> =
  defineVariant<'mmio-mask.removed-collision' | 'mmio-mask.frozen-collision'>(
    'an MMIO value that a busy SPTE would match',
    {
      since: '5.4',
      value: 'mmio-mask.removed-collision',
      change: 'cannot happen: REMOVED has no MMIO bit up to 6.9',
    },
    {
      since: '6.11',
      value: 'mmio-mask.frozen-collision',
      change: 'REMOVED is now called FROZEN; bit 63 alone matches it',
    },
  );

export const warnsAboutZeroValue: Variant<boolean> = defineVariant(
  'building an MMIO SPTE while the MMIO value is 0',
  { since: '5.4', value: true, change: 'WARN' },
  { since: '6.17', value: false, change: 'legal: TDX does it (read in 6.17, not in 6.14)' },
);

export const tracedAccess: Variant<bigint> = defineVariant(
  'access in mark_mmio_spte',
  { since: '5.4', value: 0x7n, change: 'bits 2:0 of the SPTE, so that EPT shows its MMIO value 6' },
  { since: '7.2', value: 0xfn, change: 'bits 3:0: the lowest generation bit leaks in' },
);

/** Every difference between kernels that the rules of this package know, for the documentation. */
export const mmioVariants: readonly Variant<unknown>[] = [frozenCollision, warnsAboutZeroValue, tracedAccess];
