// SPDX-License-Identifier: GPL-2.0-only

import { checkU64 } from '../bits/arguments.ts';
import { PAGE_SHIFT, u64 } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import { notifierKeepsMmuWritable } from '../kernel/writable-variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import { writer } from '../observe/observe.ts';
import { markSpteForAccessTrack } from './access-track.ts';

/**
 * The SPTE after the host moved the page to another frame: read-only, and not accessed yet.
 *
 * @throws TypeError, RangeError when an argument is not a 64-bit word, or the kernel has no such function
 *
 * Kernel: `kvm_mmu_changed_pte_notifier_make_spte()`, 5.10 to 6.9.
 */
export function changedPteNotifierMakeSpte(mmu: Mmu, oldSpte: bigint, newPfn: bigint): bigint {
  checkKernelHas(mmu.kernel, 'kvm_mmu_changed_pte_notifier_make_spte');
  return movedByNotifier(mmu, oldSpte, newPfn);
}

/** {@link changedPteNotifierMakeSpte} as a step, which up to 5.9 stands within `kvm_set_pte_rmapp()`. */
export function movedByNotifier(mmu: Mmu, oldSpte: bigint, newPfn: bigint): bigint {
  const { set, clear } = writer(mmu, 'kvm_mmu_changed_pte_notifier_make_spte');
  const { masks } = mmu;
  let spte = set(checkU64('oldSpte', oldSpte), 'as in the old SPTE');
  spte &= clear(masks.baseAddr);
  spte |= set(u64(checkU64('newPfn', newPfn) << PAGE_SHIFT), 'the new page frame');
  const mmuWritable = notifierKeepsMmuWritable(mmu.kernel) ? 0n : masks.mmuWritable;
  spte &= clear(PT.writable.mask | masks.hostWritable | mmuWritable);
  return markSpteForAccessTrack(mmu, spte);
}
