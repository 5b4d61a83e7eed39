// SPDX-License-Identifier: GPL-2.0-only
import { formatKernelVersion, isBefore, type KernelVersion } from './kernel-version.ts';

/** The kernels that have a function. */
export interface FunctionSpan {
  /** The first release that was read and has it. */
  readonly since: string;
  /** The first release that has it no longer; null while the newest has it. */
  readonly gone: string | null;
}

/** Functions of the kernel whose rule only some kernels have. */
export type KernelFunction =
  | 'change_spte_executable'
  | 'check_spte_writable_invariants'
  | 'is_access_allowed'
  | 'is_dirty_spte'
  | 'is_ept_ve_possible'
  | 'is_executable_pte'
  | 'is_mmu_writable_spte'
  | 'is_removed_spte'
  | 'kvm_ad_enabled'
  | 'kvm_mmu_changed_pte_notifier_make_spte'
  | 'kvm_mmu_max_gfn'
  | 'kvm_mmu_set_me_spte_mask'
  | 'kvm_mmu_set_mmio_spte_value'
  | 'leaf_spte_change_needs_tlb_flush'
  | 'make_huge_page_split_spte'
  | 'make_huge_spte'
  | 'make_spte_executable'
  | 'modify_spte_protections'
  | 'spte_permission_fault'
  | 'spte_shadow_accessed_mask'
  | 'spte_shadow_dirty_mask'
  | 'svm_adjust_mmio_mask'
  | 'trace_kvm_mmu_split_huge_page'
  | 'trace_kvm_tdp_mmu_spte_changed'
  | 'vmx_setup_me_spte_mask';

/** Which kernels have them. */
export const kernelFunctions: Readonly<Record<KernelFunction, FunctionSpan>> = {
  change_spte_executable: { since: '7.2', gone: null },
  check_spte_writable_invariants: { since: '5.18', gone: null },
  is_access_allowed: { since: '5.4.0', gone: '7.3' },
  is_dirty_spte: { since: '5.4.0', gone: '6.13' },
  is_ept_ve_possible: { since: '6.10', gone: null },
  is_executable_pte: { since: '5.4.0', gone: '7.3' },
  is_mmu_writable_spte: { since: '5.18', gone: null },
  is_removed_spte: { since: '5.12', gone: null },
  kvm_ad_enabled: { since: '5.16', gone: null },
  kvm_mmu_changed_pte_notifier_make_spte: { since: '5.10', gone: '6.10' },
  kvm_mmu_max_gfn: { since: '5.18', gone: null },
  kvm_mmu_set_me_spte_mask: { since: '5.19', gone: null },
  kvm_mmu_set_mmio_spte_value: { since: '6.16', gone: null },
  leaf_spte_change_needs_tlb_flush: { since: '6.13', gone: null },
  make_huge_page_split_spte: { since: '5.18', gone: null },
  make_huge_spte: { since: '6.13', gone: null },
  make_spte_executable: { since: '5.18', gone: '7.2' },
  modify_spte_protections: { since: '6.13', gone: null },
  spte_permission_fault: { since: '7.3', gone: null },
  spte_shadow_accessed_mask: { since: '5.4.0', gone: '6.13' },
  spte_shadow_dirty_mask: { since: '5.4.0', gone: '6.13' },
  svm_adjust_mmio_mask: { since: '5.4.38', gone: null },
  trace_kvm_mmu_split_huge_page: { since: '5.18', gone: null },
  trace_kvm_tdp_mmu_spte_changed: { since: '5.11', gone: null },
  vmx_setup_me_spte_mask: { since: '5.19', gone: null },
};

/**
 * Whether a kernel has a function.
 *
 * @example
 * ```ts
 * import { kernelHas, parseKernelVersion } from '@spte/core';
 *
 * kernelHas(parseKernelVersion('6.12'), 'make_huge_spte'); // false
 * kernelHas(parseKernelVersion('6.13'), 'make_huge_spte'); // true
 * ```
 */
export function kernelHas(kernel: KernelVersion, name: KernelFunction): boolean {
  const { since, gone } = kernelFunctions[name];
  return !isBefore(kernel, since) && (gone === null || isBefore(kernel, gone));
}

/**
 * Refuses to answer for a kernel that has no such function.
 *
 * @throws RangeError naming the kernels that have it
 */
export function checkKernelHas(kernel: KernelVersion, name: KernelFunction): void {
  if (kernelHas(kernel, name)) return;
  const { since, gone } = kernelFunctions[name];
  throw new RangeError(
    `${name}() is in kernels since ${since}${gone === null ? '' : ` and before ${gone}`}, not in ${formatKernelVersion(kernel)}`,
  );
}
