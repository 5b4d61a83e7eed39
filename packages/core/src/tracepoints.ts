// SPDX-License-Identifier: GPL-2.0-only

import { pagesPerHpage } from './bits.ts';
import { PT } from './entry-format.ts';
import type { Mmu } from './mmu.ts';
import type { TraceLine } from './observe.ts';
import { isExecutablePte, isWritablePte } from './predicates.ts';
import type { PageRole } from './role.ts';

// The kvmmmu tracepoints, as a tracer prints them: `event: line`.

/** A 64-bit value as `%llx` prints it. */
const llx = (value: bigint): string => value.toString(16);

/** A pointer as `%p` prints it when pointers are not hashed. */
export function formatPointer(pointer: bigint): string {
  return pointer.toString(16).padStart(16, '0');
}

const FAULT_FLAGS = ['P', 'W', 'U', 'RSVD', 'F'] as const;

/** A page-fault error code as the tracepoints print it: `P|W`, unknown bits in hex at the end. */
export function formatErrorCode(errorCode: bigint): string {
  const names: string[] = FAULT_FLAGS.filter((_, n) => ((errorCode >> BigInt(n)) & 1n) !== 0n);
  const rest = errorCode & ~((1n << BigInt(FAULT_FLAGS.length)) - 1n);
  return (rest === 0n ? names : [...names, `0x${llx(rest)}`]).join('|');
}

/** `ACC_*` bits as the tracepoints of shadow pages print them, from 0 to 7. */
const ACCESS_NAMES = ['---', '--x', 'w--', 'w-x', '-u-', '-ux', 'wu-', 'wux'] as const;

/** A shadow page, as the tracepoints see it. */
export interface TracedPage {
  readonly role: PageRole;
  readonly gfn: bigint;
  readonly mmuValidGen: number;
  readonly rootCount: number;
  readonly unsync: boolean;
}

function formatPage({ role, gfn, mmuValidGen, rootCount, unsync }: TracedPage): string {
  return [
    `sp gen ${mmuValidGen} gfn ${llx(gfn)} l${role.level}`,
    ` ${role.has4ByteGpte ? 4 : 8}-byte q${role.quadrant}${role.direct ? ' direct' : ''}`,
    ` ${ACCESS_NAMES[role.access] as string}${role.invalid ? ' invalid' : ''}`,
    ` ${role.eferNx ? '' : '!'}nxe ${role.adDisabled ? '!' : ''}ad`,
    ` root ${rootCount} ${unsync ? 'unsync' : 'sync'}`,
  ].join('');
}

/** Kernel: `trace_kvm_mmu_get_page()`. */
export function traceGetPage(page: TracedPage & { readonly created: boolean }): TraceLine {
  return { event: 'kvm_mmu_get_page', line: `${formatPage(page)} ${page.created ? 'new' : 'existing'}` };
}

/** Kernel: `trace_kvm_mmu_prepare_zap_page()`. */
export function tracePrepareZapPage(page: TracedPage): TraceLine {
  return { event: 'kvm_mmu_prepare_zap_page', line: formatPage(page) };
}

/** The permissions that `kvm_mmu_set_spte` prints: `rwxu`, dashes for what is missing, no fourth without users. */
export function formatSptePermissions(mmu: Mmu, spte: bigint): string {
  const { present, user } = mmu.masks;
  const readable = present !== 0n || (spte & PT.present.mask) !== 0n;
  const userLetter = user === 0n ? '' : (spte & user) === 0n ? '-' : 'u';
  return `${readable ? 'r' : '-'}${isWritablePte(spte) ? 'w' : '-'}${isExecutablePte(mmu, spte) ? 'x' : '-'}${userLetter}`;
}

/**
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
 * Kernel: `trace_kvm_mmu_spte_requested()`.
 */
export function traceSpteRequested({
  gfn,
  pfn,
  goalLevel,
}: {
  gfn: bigint;
  pfn: bigint;
  goalLevel: number;
}): TraceLine {
  const offset = gfn & (pagesPerHpage(goalLevel) - 1n);
  return {
    event: 'kvm_mmu_spte_requested',
    line: `gfn ${llx(gfn)} pfn ${llx(pfn | offset)} level ${goalLevel}`,
  };
}

/** Kernel: `trace_kvm_mmu_split_huge_page()`. */
export function traceSplitHugePage({
  gfn,
  spte,
  level,
  err,
}: {
  gfn: bigint;
  spte: bigint;
  level: number;
  err: number;
}): TraceLine {
  return {
    event: 'kvm_mmu_split_huge_page',
    line: `gfn ${llx(gfn)} spte ${llx(spte)} level ${level} errno ${err}`,
  };
}

/** Kernel: `trace_kvm_tdp_mmu_spte_changed()`. */
export function traceTdpMmuSpteChanged({
  asId,
  gfn,
  level,
  oldSpte,
  newSpte,
}: {
  asId: number;
  gfn: bigint;
  level: number;
  oldSpte: bigint;
  newSpte: bigint;
}): TraceLine {
  return {
    event: 'kvm_tdp_mmu_spte_changed',
    line: `as id ${asId} gfn ${llx(gfn)} level ${level} old_spte ${llx(oldSpte)} new_spte ${llx(newSpte)}`,
  };
}

/** What a page fault came to. Kernel: `RET_PF_*`. */
export const RET_PF_CONTINUE = 0;
export const RET_PF_RETRY = 1;
export const RET_PF_EMULATE = 2;
export const RET_PF_INVALID = 3;
export const RET_PF_FIXED = 4;
export const RET_PF_SPURIOUS = 5;

/** Kernel: `trace_fast_page_fault()`. */
export function traceFastPageFault(fault: {
  vcpuId: number;
  addr: bigint;
  errorCode: bigint;
  sptep: bigint;
  oldSpte: bigint;
  spte: bigint;
  /** One of `RET_PF_*`. */
  ret: number;
}): TraceLine {
  const { vcpuId, addr, errorCode, sptep, oldSpte, spte, ret } = fault;
  const outcome = `spurious ${Number(ret === RET_PF_SPURIOUS)} fixed ${Number(ret === RET_PF_FIXED)}`;
  // `%#llx` leaves a zero without its prefix.
  const old = oldSpte === 0n ? '0' : `0x${llx(oldSpte)}`;
  return {
    event: 'fast_page_fault',
    line: `vcpu ${vcpuId} gva ${llx(addr)} error_code ${formatErrorCode(errorCode)} sptep ${formatPointer(sptep)} old ${old} new ${llx(spte)} ${outcome}`,
  };
}

/** The three tracepoints of a walk of the guest's own tables, of which the second prints an entry of the guest. */
export function traceGuestWalk({
  addr,
  errorCode,
  pte,
  level,
}: {
  addr: bigint;
  errorCode: bigint;
  pte: bigint;
  level: number;
}): TraceLine[] {
  const pferr = `pferr ${llx(errorCode)} ${formatErrorCode(errorCode)}`;
  return [
    { event: 'kvm_mmu_pagetable_walk', line: `addr ${llx(addr)} ${pferr}` },
    { event: 'kvm_mmu_paging_element', line: `pte ${llx(pte)} level ${level}` },
    { event: 'kvm_mmu_walker_error', line: pferr },
  ];
}
