// SPDX-License-Identifier: GPL-2.0-only

import { checkU64 } from '../bits/arguments.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import { ageingUpdates, checksWritableInvariants, updateEffects } from '../kernel/writable-variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { Host } from '../mmu/host.ts';
import { SET_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn } from '../observe/observe.ts';
import { markSpteForAccessTrack } from './access-track.ts';
import { checkSpteWritableInvariants } from './kernel-predicates.ts';
import {
  isAccessedSpte,
  isDirty,
  isLocklesslyWritable,
  isMmuWritable,
  isShadowPresentPte,
  isVePossible,
  isWritablePte,
  spteAdEnabled,
  spteHasVolatileBits,
  spteToPfn,
} from './predicates.ts';

/** Debug builds complain when an SPTE is stored that lets the guest see a #VE. */
function proveNoVe(mmu: Mmu, spte: bigint): void {
  if (mmu.params.proveMmu && isVePossible(mmu, spte)) warn(mmu, SET_DIAGNOSTICS, 'set.ve-possible');
}

/** Complains about a change of a present SPTE that is more than a change of its bits. Returns the new value. */
function updateNoTrack(mmu: Mmu, oldSpte: bigint, newSpte: bigint): bigint {
  if (!isShadowPresentPte(mmu, newSpte)) warn(mmu, SET_DIAGNOSTICS, 'update.new-not-present');
  if (checksWritableInvariants(mmu.kernel)) checkSpteWritableInvariants(mmu, newSpte);
  proveNoVe(mmu, newSpte);
  if (isShadowPresentPte(mmu, oldSpte)) {
    // Atomically or not, the value is the same; but in 5.17 to ask may WARN.
    spteHasVolatileBits(mmu, oldSpte);
    if (spteToPfn(mmu, oldSpte) !== spteToPfn(mmu, newSpte)) warn(mmu, SET_DIAGNOSTICS, 'update.pfn-changed');
  }
  return newSpte;
}

/**
 * Whether TLBs may hold rights that a leaf SPTE loses with this change.
 *
 * @throws RangeError before 6.13, where {@link mmuSpteUpdate} decides by itself
 *
 * Kernel: `leaf_spte_change_needs_tlb_flush()`.
 */
export function leafSpteChangeNeedsTlbFlush(mmu: Mmu, oldSpte: bigint, newSpte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'leaf_spte_change_needs_tlb_flush');
  return isMmuWritable(mmu, oldSpte) && !isMmuWritable(mmu, newSpte);
}

/** What an update of an SPTE entails. */
export interface SpteUpdate {
  readonly spte: bigint;
  /** Whether TLBs may hold rights that the new SPTE no longer grants. */
  readonly flush: boolean;
}

/**
 * Changes the bits of a present SPTE, or sets one where there was none. Accessed and dirty bits that are lost are
 * passed on to the host's page.
 *
 * @throws TypeError, RangeError when an argument is not a 64-bit word
 *
 * Kernel: `mmu_spte_update()`.
 *
 * @example
 * ```ts
 * import { createMmu, mmuSpteUpdate, plainHost, toJson } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * toJson(mmuSpteUpdate(mmu, plainHost, 0x600000455299b77n, 0x600000455299975n)); // { spte: '0x600000455299975', flush: true }
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, mmuSpteUpdate, plainHost, toJson } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * // Only software bits change: nothing that a TLB holds is wrong.
 * toJson(mmuSpteUpdate(mmu, plainHost, 0x200000455299975n, 0x600000455299975n)); // { spte: '0x600000455299975', flush: false }
 * ```
 */
export function mmuSpteUpdate(mmu: Mmu, host: Host, oldSpte: bigint, newSpte: bigint): SpteUpdate {
  checkU64('oldSpte', oldSpte);
  const spte = updateNoTrack(mmu, oldSpte, checkU64('newSpte', newSpte));
  if (!isShadowPresentPte(mmu, oldSpte)) return { spte, flush: false };

  if (!updateEffects(mmu.kernel).tellsAccessedAndDirty) {
    return { spte, flush: leafSpteChangeNeedsTlbFlush(mmu, oldSpte, newSpte) };
  }
  // fast_page_fault() may have set W meanwhile, so what it may make writable counts as writable.
  let flush = isLocklesslyWritable(mmu, oldSpte) && !isWritablePte(newSpte);
  if (isAccessedSpte(mmu, oldSpte) && !isAccessedSpte(mmu, newSpte)) {
    flush = true;
    host.setPfnAccessed(spteToPfn(mmu, oldSpte));
  }
  if (isDirty(mmu, oldSpte) && !isDirty(mmu, newSpte)) {
    flush = true;
    host.setPfnDirty(spteToPfn(mmu, oldSpte));
  }
  return { spte, flush };
}

/** What ageing found. */
export interface SpteAge {
  /** Whether the page had been used since it was aged last. */
  readonly young: boolean;
  readonly spte: bigint;
}

/**
 * Tells whether the page was used and forgets it: clears the accessed bit or starts access tracking.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word
 *
 * Kernel: `mmu_spte_age()`; a step of the rmap and TDP MMU ageing loops since 6.12.
 */
export function mmuSpteAge(mmu: Mmu, host: Host, spte: bigint): SpteAge {
  checkU64('spte', spte);
  if (!isAccessedSpte(mmu, spte)) return { young: false, spte };
  if (spteAdEnabled(mmu, spte)) return { young: true, spte: spte & ~mmu.masks.accessed };
  // Tracking takes W away, and with it the only sign that the page is dirty.
  if (updateEffects(mmu.kernel).tellsAccessedAndDirty && isWritablePte(spte))
    host.setPfnDirty(spteToPfn(mmu, spte));
  const tracked = markSpteForAccessTrack(mmu, spte);
  return { young: true, spte: ageingUpdates(mmu.kernel) ? updateNoTrack(mmu, spte, tracked) : tracked };
}
