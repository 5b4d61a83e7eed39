// SPDX-License-Identifier: GPL-2.0-only
import { assignMasks, definePolicy, type Policy, warn } from '@spte/core';
import { L1TF_DIAGNOSTICS } from './diagnostics.ts';
import { l1tfExposure } from './exposure.ts';
import { isCacheTooWide, l1tfMasks, wantsGuard } from './masks.ts';
import { l1tfVariants } from './variants.ts';

/** Guards entries that are not present against L1TF, where the CPU has that bug. */
export const l1tf: Policy = definePolicy({
  name: 'l1tf',
  apiVersion: 2,
  variants: l1tfVariants,
  resetEarly(setup, registry) {
    const { kernel, host } = setup;
    if (wantsGuard(kernel, host) && isCacheTooWide(host.cacheBits)) {
      warn(setup, L1TF_DIAGNOSTICS, 'l1tf.cache-bits-too-wide');
    }
    return assignMasks(registry, 'kvm_mmu_reset_all_pte_masks', { ...l1tfMasks(kernel, host) });
  },
  exposure: ({ host }, spte) => l1tfExposure(spte, host),
});
