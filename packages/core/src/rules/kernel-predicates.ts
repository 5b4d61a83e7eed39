// SPDX-License-Identifier: GPL-2.0-only
import { PT } from '../cpu/entry-format.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import { accessBits } from '../kernel/role.ts';
import type { Mmu } from '../mmu/contract.ts';
import { PREDICATE_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn } from '../observe/observe.ts';
import {
  accessedMaskOf,
  dirtyMaskOf,
  isDirty,
  isExecutable,
  isFrozen,
  isMmuWritable,
  isShadowPresentPte,
  isSupervisorExecutable,
  isVePossible,
  isWritablePte,
  maxGfnOf,
  writableContradiction,
} from './predicates.ts';

// The functions of spte.h that only some kernels have: each refuses to answer for another kernel. Rules and readers, which
// need the knowledge for every kernel, ask predicates.ts.

/**
 * Whether a CPU is changing the entry right now.
 *
 * @throws RangeError before 5.12, which have no such value
 *
 * Kernel: `is_removed_spte()`, `is_frozen_spte()` since 6.11.
 */
export function isRemovedSpte(mmu: Mmu, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_removed_spte');
  return isFrozen(mmu, spte);
}

/**
 * Whether fetches are allowed, be it only a user's.
 *
 * @throws RangeError since 7.3, which asks {@link spteHasPermissionFault} instead
 *
 * Kernel: `is_executable_pte()`.
 */
export function isExecutablePte(mmu: Mmu, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_executable_pte');
  return isExecutable(mmu, spte);
}

/**
 * Whether a write fault may make the entry writable without mmu_lock.
 *
 * @throws RangeError before 5.18, which ask {@link isLocklesslyWritable}
 *
 * Kernel: `is_mmu_writable_spte()`.
 */
export function isMmuWritableSpte(mmu: Mmu, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_mmu_writable_spte');
  return isMmuWritable(mmu, spte);
}

/**
 * The accessed bit of this entry; 0 when hardware keeps none.
 *
 * @throws RangeError since 6.13, where every entry has the bit
 *
 * Kernel: `spte_shadow_accessed_mask()`.
 */
export function spteShadowAccessedMask(mmu: Mmu, spte: bigint): bigint {
  checkKernelHas(mmu.kernel, 'spte_shadow_accessed_mask');
  return accessedMaskOf(mmu, spte);
}

/**
 * The dirty bit of this entry; 0 when hardware keeps none.
 *
 * @throws RangeError since 6.13, where every entry has the bit
 *
 * Kernel: `spte_shadow_dirty_mask()`.
 */
export function spteShadowDirtyMask(mmu: Mmu, spte: bigint): bigint {
  checkKernelHas(mmu.kernel, 'spte_shadow_dirty_mask');
  return dirtyMaskOf(mmu, spte);
}

/**
 * Whether the page may have been written since this was last cleared.
 *
 * @throws RangeError since 6.13
 *
 * Kernel: `is_dirty_spte()`.
 */
export function isDirtySpte(mmu: Mmu, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_dirty_spte');
  return isDirty(mmu, spte);
}

/**
 * Whether a guest could get a #VE for the entry, where EPT entries are to suppress it. An MMIO SPTE is safe: its
 * misconfiguration comes first.
 *
 * @throws RangeError before 6.10
 *
 * Kernel: `is_ept_ve_possible()`.
 */
export function isEptVePossible(mmu: Mmu, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_ept_ve_possible');
  return isVePossible(mmu, spte);
}

/**
 * Whether KVM uses accessed bits kept by hardware.
 *
 * @throws RangeError before 5.16
 *
 * Kernel: `kvm_ad_enabled()`.
 */
export function kvmAdEnabled(mmu: Mmu): boolean {
  checkKernelHas(mmu.kernel, 'kvm_ad_enabled');
  return mmu.masks.kvmAdEnabled;
}

/**
 * The largest gfn that a guest can have.
 *
 * @throws RangeError before 5.18, which make entries for any gfn
 *
 * Kernel: `kvm_mmu_max_gfn()`.
 */
export function kvmMmuMaxGfn(mmu: Mmu): bigint {
  checkKernelHas(mmu.kernel, 'kvm_mmu_max_gfn');
  return maxGfnOf(mmu);
}

const CONTRADICTIONS = {
  'mmu-without-host-writable': 'kvm: MMU-writable SPTE is not Host-writable',
  'hw-writable-without-mmu-writable': 'kvm: Writable SPTE is not MMU-writable',
} as const;

/**
 * Complains about writable bits that contradict each other: MMU-writable needs host-writable, W needs MMU-writable.
 *
 * @throws RangeError when the kernel has no such check (before 5.18)
 *
 * Kernel: `check_spte_writable_invariants()`.
 */
export function checkSpteWritableInvariants(mmu: Mmu, spte: bigint): void {
  checkKernelHas(mmu.kernel, 'check_spte_writable_invariants');
  const contradiction = writableContradiction(mmu, spte);
  if (contradiction === null) return;
  const msg = `${CONTRADICTIONS[contradiction]}: ${spte.toString(16)}`;
  warn(mmu, PREDICATE_DIAGNOSTICS, `invariant.${contradiction}`, msg);
}

/** An access that a fault reports. */
export interface FaultAccess {
  readonly exec: boolean;
  readonly write: boolean;
}

/**
 * Whether the SPTE already allows the access that faulted.
 *
 * @throws RangeError since 7.3, which asks {@link spteHasPermissionFault} instead
 *
 * Kernel: `is_access_allowed()`.
 *
 * @example
 * ```ts
 * import { createMmu, isAccessAllowed } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * isAccessAllowed(mmu, { exec: false, write: true }, 0x600000455299b77n); // true
 * isAccessAllowed(mmu, { exec: false, write: true }, 0x600000455299b75n); // false
 * ```
 */
export function isAccessAllowed(mmu: Mmu, { exec, write }: FaultAccess, spte: bigint): boolean {
  checkKernelHas(mmu.kernel, 'is_access_allowed');
  if (exec) return isExecutable(mmu, spte);
  if (write) return isWritablePte(spte);
  return (spte & PT.present.mask) !== 0n;
}

/**
 * Whether an access with this page-fault error code faults on the SPTE.
 *
 * @throws RangeError before 7.3, which asks {@link isAccessAllowed} instead
 *
 * Kernel: `spte_permission_fault()`.
 */
export function spteHasPermissionFault(mmu: Mmu, spte: bigint, errorCode: bigint): boolean {
  checkKernelHas(mmu.kernel, 'spte_permission_fault');
  if (!isShadowPresentPte(mmu, spte)) return true;
  const { masks } = mmu;
  const { read, write, user, exec } = accessBits(mmu.kernel);
  const userBits = masks.user | masks.xu;
  const access =
    ((spte & PT.present.mask) === 0n ? 0 : read) |
    (isWritablePte(spte) ? write : 0) |
    ((spte & userBits) === 0n ? 0 : user) |
    (isSupervisorExecutable(mmu, spte) ? exec : 0);
  const code = Number((errorCode >> 1n) & 0xfn);
  return (((mmu.permissions[code] as number) >> access) & 1) !== 0;
}
