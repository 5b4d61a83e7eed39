// SPDX-License-Identifier: GPL-2.0-only

import { bit, bits, pagesPerHpage } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import type { KernelVersion } from '../kernel/kernel-version.ts';
import { accessBits, type PageRole } from '../kernel/role.ts';
import { errorCodeNames, retPf } from '../kernel/variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { TraceLine } from '../observe/observe.ts';
import type { DecodedAccess } from '../read/decode-spte.ts';
import { isSupervisorExecutable, isWritablePte } from '../rules/predicates.ts';
import { accessText } from './words.ts';

// The kvmmmu tracepoints, as a tracer prints them: `event: line`.

/** A 64-bit value as `%llx` prints it. */
const llx = (value: bigint): string => value.toString(16);

/** A pointer as `%p` prints it when pointers are not hashed. */
export function formatPointer(pointer: bigint): string {
  return pointer.toString(16).padStart(16, '0');
}

/** A page-fault error code as the tracepoints print it: `P|W`, unknown bits in hex at the end. */
export function formatErrorCode(kernel: KernelVersion, errorCode: bigint): string {
  const known = errorCodeNames(kernel);
  const names = known.filter(([n]) => (errorCode & bit(n)) !== 0n).map(([, name]) => name);
  const rest = known.reduce((left, [n]) => left & ~bit(n), errorCode);
  return (rest === 0n ? names : [...names, `0x${llx(rest)}`]).join('|');
}

/** Access bits as the tracepoints of shadow pages print them: `wux`, or `rwux` since 7.2, dashes for what is missing. */
export function formatAccess(kernel: KernelVersion, access: number): string {
  const { read, write, user, exec } = accessBits(kernel);
  const letter = (bits: number, name: string): string => {
    if (bits === 0) return '';
    return (access & bits) === 0 ? '-' : name;
  };
  return letter(read, 'r') + letter(write, 'w') + letter(user, 'u') + letter(exec, 'x');
}

/** A shadow page, as the tracepoints see it. */
export interface TracedPage {
  readonly role: PageRole;
  readonly gfn: bigint;
  readonly mmuValidGen: number;
  readonly rootCount: number;
  readonly unsync: boolean;
}

function formatPage(kernel: KernelVersion, page: TracedPage): string {
  const { role, gfn, mmuValidGen, rootCount, unsync } = page;
  return [
    `sp gen ${mmuValidGen} gfn ${llx(gfn)} l${role.level}`,
    ` ${role.has4ByteGpte ? 4 : 8}-byte q${role.quadrant}${role.direct ? ' direct' : ''}`,
    ` ${formatAccess(kernel, role.access)}${role.invalid ? ' invalid' : ''}`,
    ` ${role.eferNx ? '' : '!'}nxe ${role.adDisabled ? '!' : ''}ad`,
    ` root ${rootCount} ${unsync ? 'unsync' : 'sync'}`,
  ].join('');
}

/** Kernel: `trace_kvm_mmu_get_page()`. */
export function traceGetPage({ kernel }: Mmu, page: TracedPage & { readonly created: boolean }): TraceLine {
  return {
    event: 'kvm_mmu_get_page',
    line: `${formatPage(kernel, page)} ${page.created ? 'new' : 'existing'}`,
  };
}

/** Kernel: `trace_kvm_mmu_prepare_zap_page()`. */
export function tracePrepareZapPage({ kernel }: Mmu, page: TracedPage): TraceLine {
  return { event: 'kvm_mmu_prepare_zap_page', line: formatPage(kernel, page) };
}

/**
 * The permissions that `kvm_mmu_set_spte` prints, by KVM's own masks: `user` is null where it has no mask for users, and
 * every entry is readable where it has one for present entries.
 */
export function sptePermissions(mmu: Mmu, spte: bigint): DecodedAccess {
  const { present, user, xu } = mmu.masks;
  const userMask = user | xu;
  return {
    read: present !== 0n || (spte & PT.present.mask) !== 0n,
    write: isWritablePte(spte),
    execute: isSupervisorExecutable(mmu, spte),
    user: userMask === 0n ? null : (spte & userMask) !== 0n,
  };
}

/** The permissions that `kvm_mmu_set_spte` prints: `rwxu`, dashes for what is missing, up to 7.1 no fourth without users. */
export function formatSptePermissions(mmu: Mmu, spte: bigint): string {
  return accessText(sptePermissions(mmu, spte));
}

/**
 * An SPTE was written.
 *
 * @param sptePhys physical address of the entry, in bytes
 *
 * Kernel: `trace_kvm_mmu_set_spte()`.
 */
export function traceSetSpte(
  mmu: Mmu,
  { level, gfn, spte, sptePhys }: { level: number; gfn: bigint; spte: bigint; sptePhys: bigint },
): TraceLine {
  return {
    event: 'kvm_mmu_set_spte',
    line: `gfn ${llx(gfn)} spte ${llx(spte)} (${formatSptePermissions(mmu, spte)}) level ${level} at ${llx(sptePhys)}`,
  };
}

/**
 * The pfn printed is the faulting page's, also where a huge page is asked for.
 *
 * @param access access bits of this kernel, printed since 7.2
 *
 * Kernel: `trace_kvm_mmu_spte_requested()`.
 */
export function traceSpteRequested(
  { kernel }: Mmu,
  { gfn, pfn, goalLevel, access = 0 }: { gfn: bigint; pfn: bigint; goalLevel: number; access?: number },
): TraceLine {
  const offset = gfn & (pagesPerHpage(goalLevel) - 1n);
  const tail = accessBits(kernel).read === 0 ? '' : ` access ${access.toString(16)}`;
  return {
    event: 'kvm_mmu_spte_requested',
    line: `gfn ${llx(gfn)} pfn ${llx(pfn | offset)} level ${goalLevel}${tail}`,
  };
}

/**
 * A huge page was split, or not: then `err` is not 0.
 *
 * @throws RangeError before 5.18
 *
 * Kernel: `trace_kvm_mmu_split_huge_page()`.
 */
export function traceSplitHugePage(
  { kernel }: Mmu,
  { gfn, spte, level, err }: { gfn: bigint; spte: bigint; level: number; err: number },
): TraceLine {
  checkKernelHas(kernel, 'trace_kvm_mmu_split_huge_page');
  return {
    event: 'kvm_mmu_split_huge_page',
    line: `gfn ${llx(gfn)} spte ${llx(spte)} level ${level} errno ${err}`,
  };
}

/**
 * The TDP MMU changed an entry.
 *
 * @throws RangeError before 5.11
 *
 * Kernel: `trace_kvm_tdp_mmu_spte_changed()`.
 */
export function traceTdpMmuSpteChanged(
  { kernel }: Mmu,
  change: { asId: number; gfn: bigint; level: number; oldSpte: bigint; newSpte: bigint },
): TraceLine {
  checkKernelHas(kernel, 'trace_kvm_tdp_mmu_spte_changed');
  const { asId, gfn, level, oldSpte, newSpte } = change;
  return {
    event: 'kvm_tdp_mmu_spte_changed',
    line: `as id ${asId} gfn ${llx(gfn)} level ${level} old_spte ${llx(oldSpte)} new_spte ${llx(newSpte)}`,
  };
}

/** Kernel: `trace_fast_page_fault()`. */
export function traceFastPageFault(
  { kernel }: Mmu,
  fault: {
    vcpuId: number;
    addr: bigint;
    errorCode: bigint;
    sptep: bigint;
    oldSpte: bigint;
    spte: bigint;
    /** One of `RET_PF_*`, as this kernel numbers them; in 5.4, not 0 if the fault was dealt with. */
    ret: number;
  },
): TraceLine {
  const { SPURIOUS, FIXED } = retPf(kernel);
  const { vcpuId, addr, errorCode, sptep, oldSpte, spte, ret } = fault;
  // Without numbers of their own, a fault that was dealt with is told by W before and after.
  const was = (outcome: number | null, writable: bigint): boolean =>
    outcome === null ? ret !== 0 && isWritablePte(writable) : ret === outcome;
  const outcome = `spurious ${Number(was(SPURIOUS, oldSpte))} fixed ${Number(was(FIXED, spte))}`;
  // The kernel's own text has `0x0`; tracers that format in user space, as the vectors were, leave a zero bare.
  const old = oldSpte === 0n ? '0' : `0x${llx(oldSpte)}`;
  return {
    event: 'fast_page_fault',
    line: `vcpu ${vcpuId} gva ${llx(addr)} error_code ${formatErrorCode(kernel, errorCode)} sptep ${formatPointer(sptep)} old ${old} new ${llx(spte)} ${outcome}`,
  };
}

/** The three tracepoints of a walk of the guest's own tables, of which the second prints an entry of the guest. */
export function traceGuestWalk(
  { kernel }: Mmu,
  { addr, errorCode, pte, level }: { addr: bigint; errorCode: bigint; pte: bigint; level: number },
): TraceLine[] {
  const code = errorCode & bits(31, 0);
  const pferr = `pferr ${llx(code)} ${formatErrorCode(kernel, code)}`;
  return [
    { event: 'kvm_mmu_pagetable_walk', line: `addr ${llx(addr)} ${pferr}` },
    { event: 'kvm_mmu_paging_element', line: `pte ${llx(pte)} level ${level}` },
    { event: 'kvm_mmu_walker_error', line: pferr },
  ];
}
