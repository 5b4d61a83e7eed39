// SPDX-License-Identifier: GPL-2.0-only
/**
 * The L1TF policy: entries that are not present point where no cached memory can be.
 *
 * @module
 */
export { L1TF_DIAGNOSTIC_MEANINGS, L1TF_DIAGNOSTICS } from './diagnostics.ts';
export { type L1tfHost, l1tfExposure } from './exposure.ts';
export {
  isCacheTooWide,
  type L1tfMasks,
  l1tfMasks,
  movedUp,
  NONPRESENT_OR_RSVD_LEN,
  outOfReach,
  wantsGuard,
  withinReach,
} from './masks.ts';
export { l1tf } from './policy.ts';
export { l1tfVariants } from './variants.ts';
