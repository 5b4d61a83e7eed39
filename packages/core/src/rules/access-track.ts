// SPDX-License-Identifier: GPL-2.0-only

import { checkU64 } from '../bits/arguments.ts';
import { logPrefixes, softwareAdBits } from '../kernel/variants.ts';
import { checksWritableInvariants, restoreWarns } from '../kernel/writable-variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import { ACCESS_TRACK_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn, writer } from '../observe/observe.ts';
import { checkSpteWritableInvariants } from './kernel-predicates.ts';
import { isAccessTrackSpte, isLocklesslyWritable, isWritablePte, spteAdEnabled } from './predicates.ts';

/**
 * Arranges that the next access to the page is noticed: clears the accessed bit, or, where hardware keeps none, takes
 * R, W and X away and remembers R and X in ignored bits. W comes back through the MMU-writable bit.
 *
 * ```
 *  63       56  54                                  2 0
 *  ┌────────┬─┬─┬────────────────────────────────┬─┬─┬─┐
 *  │        │X'│R'│                              │X│W│R│
 *  └────────┴─┴─┴────────────────────────────────┴─┴─┴─┘
 *            ^─^──────────── << 54 ───────────────^───^
 * ```
 *
 * @throws TypeError, RangeError when `before` is not a 64-bit word
 *
 * Kernel: `mark_spte_for_access_track()`.
 *
 * @example
 * ```ts
 * import { createMmu, hex, markSpteForAccessTrack, restoreAccTrackSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const noAd = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx({ eptAd: false }) });
 * const tracked = markSpteForAccessTrack(noAd, 0x610000034d4f877n);
 * hex(tracked); // 0x750000034d4f870
 * hex(restoreAccTrackSpte(noAd, tracked)); // 0x610000034d4f875
 * ```
 */
export function markSpteForAccessTrack(mmu: Mmu, before: bigint): bigint {
  const { set, clear } = writer(mmu, 'mark_spte_for_access_track');
  const { masks, layout } = mmu;
  let spte = checkU64('before', before);
  if (spteAdEnabled(mmu, spte)) return spte & clear(masks.accessed);
  if (isAccessTrackSpte(mmu, spte)) return spte;

  checkTrackable(mmu, spte);
  const { mask, shift } = layout.savedBits;
  if ((spte & (mask << shift)) !== 0n) {
    const { accessTrackWarn } = logPrefixes(mmu.kernel);
    const msg = `${accessTrackWarn}Access Tracking saved bit locations are not zero\n`;
    warn(mmu, ACCESS_TRACK_DIAGNOSTICS, 'acctrack.saved-bits-busy', msg);
  }
  spte |= set((spte & mask) << shift, 'permissions saved while the page is access-tracked');
  return spte & clear(masks.accTrack | (softwareAdBits(mmu.kernel) ? masks.accessed : 0n));
}

/** Complains about an SPTE whose W would be lost for good. */
function checkTrackable(mmu: Mmu, spte: bigint): void {
  if (checksWritableInvariants(mmu.kernel)) {
    checkSpteWritableInvariants(mmu, spte);
  } else if (isWritablePte(spte) && !isLocklesslyWritable(mmu, spte)) {
    const msg = 'kvm: Writable SPTE is not locklessly dirty-trackable\n';
    warn(mmu, ACCESS_TRACK_DIAGNOSTICS, 'acctrack.not-locklessly-writable', msg);
  }
}

/**
 * Gives a tracked SPTE its read and execute permissions back. W stays clear: only a write fault may set it.
 *
 * @throws TypeError, RangeError when `before` is not a 64-bit word
 *
 * Kernel: `restore_acc_track_spte()`.
 */
export function restoreAccTrackSpte(mmu: Mmu, before: bigint): bigint {
  const { set, clear } = writer(mmu, 'restore_acc_track_spte');
  const { mask, shift } = mmu.layout.savedBits;
  const saved = (checkU64('before', before) >> shift) & mask;
  if (restoreWarns(mmu.kernel)) {
    if (spteAdEnabled(mmu, before)) warn(mmu, ACCESS_TRACK_DIAGNOSTICS, 'restore.ad-enabled');
    if (!isAccessTrackSpte(mmu, before)) warn(mmu, ACCESS_TRACK_DIAGNOSTICS, 'restore.not-tracked');
  }
  let spte = before & clear(mmu.masks.accTrack);
  spte &= clear(mask << shift);
  return spte | set(saved, 'permissions that access tracking had saved');
}
