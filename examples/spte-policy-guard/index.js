// SPDX-License-Identifier: GPL-2.0-only
// @ts-check
import { bit, bits, definePolicy, field } from '@spte/core';

/*
 * A kernel with this policy does not clear an entry that it zaps, but leaves a mark and the frame that was there, so that a
 * dump says what was mapped last. All permissions are clear.
 *
 *  63         52 51                               12 11 10 9 8 7     0
 *  ┌────────────┬───────────────────────────────────┬──┬─────┬───────┐
 *  │ 0          │ the frame that was there          │ 0│ 101b│ 0     │
 *  └────────────┴───────────────────────────────────┴──┴─────┴───────┘
 */
const MARK = bit(10) | bit(8);

/** Poisons entries that were zapped. Since 5.13, when presence got a bit of its own. */
export const guard = definePolicy({
  name: 'guard',
  version: '0.1.0',
  apiVersion: 2,
  kinds: {
    poison: {
      mask: bits(63, 52) | bits(11, 0),
      value: MARK,
      label: 'poisoned entry',
      countsAs: 'empty',
      kernels: { since: '5.13' },
      fields: [field('frame', 51, 12, 'kvm', 'the frame that was there')],
    },
  },
});

export default guard;
