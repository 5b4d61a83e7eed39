// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';
import type { Change } from './change.ts';
import type { Fault } from './fault.ts';
import { covers, fieldOf, numberOf, pageOf, wordOf } from './fields.ts';

/** What KVM did with a fault. */
export type FaultOutcome =
  | 'fast-fixed'
  | 'fast-spurious'
  | 'mmio-installed'
  | 'mapped'
  | 'split'
  | 'mmio-hit'
  | 'mmio-cached'
  | 'emulated'
  | 'guest-fault'
  | 'retry-own-invalidation'
  | 'unknown-lost'
  | 'requested-not-set'
  | 'silent';

/** What the lines of a task show between a fault and its next exit or fault. */
export interface Window {
  readonly fault: Fault;
  readonly seen: Set<Sign>;
  walks: number;
  /** Whether a leaf was made present by a change. */
  leafMapped: boolean;
  /** The level at which the page was set, and who printed it; null where it was not. */
  setLevel: number | null;
  /** The first line that settled the fault. */
  settledBy: TraceRecord | null;
}

/** A sign of what was done. */
type Sign =
  | Exclude<FaultOutcome, 'unknown-lost' | 'silent' | 'mmio-cached' | 'emulated'>
  | 'mmio'
  | 'walk'
  | 'fetch-again'
  | 'leaf-replaced';

/** Opens the window of a fault. */
export function openWindow(fault: Fault): Window {
  return { fault, seen: new Set(), walks: 0, leafMapped: false, setLevel: null, settledBy: null };
}

const see = (window: Window, sign: Sign, record: TraceRecord): void => {
  window.seen.add(sign);
  window.settledBy ??= record;
};

/** Results of fast_page_fault in raw mode, by the number that `RET_PF_FIXED` has. */
export interface RawResults {
  readonly fixed: number;
  readonly spurious: number;
}

const FETCH = 1n << 4n;

/** What each event shows in a window. */
const SIGNS: Readonly<Record<string, (window: Window, record: TraceRecord, results: RawResults) => void>> = {
  fast_page_fault(window, record, results) {
    if (isFixed(record, results)) see(window, 'fast-fixed', record);
    if (isSpurious(record, results)) see(window, 'fast-spurious', record);
  },
  mark_mmio_spte: (window, record) => see(window, 'mmio-installed', record),
  kvm_mmu_set_spte(window, record) {
    const gfn = numberOf(record, 'gfn');
    const level = numberOf(record, 'level') ?? 1;
    const { kind, page } = window.fault;
    if (kind === 'tdp' && (gfn === null || !covers(gfn, level, page))) return;
    see(window, 'mapped', record);
    window.setLevel ??= level;
  },
  kvm_mmu_spte_requested: (window) => window.seen.add('requested-not-set'),
  handle_mmio_page_fault: (window, record) => see(window, 'mmio-hit', record),
  kvm_mmio: (window, record) => see(window, 'mmio', record),
  kvm_mmu_pagetable_walk(window, record) {
    const { ripPage } = window.fault;
    window.walks++;
    window.seen.add('walk');
    if (window.walks < 2 || ((wordOf(record, 'pferr') ?? 0n) & FETCH) === 0n || ripPage === null) return;
    const page = pageOf(wordOf(record, 'addr'));
    if (page === ripPage || page === ripPage + 1) window.seen.add('fetch-again');
  },
  kvm_mmu_walker_error: (window, record) => see(window, 'guest-fault', record),
  kvm_unmap_hva_range: (window) => window.seen.add('retry-own-invalidation'),
  kvm_set_spte_hva: (window) => window.seen.add('retry-own-invalidation'),
};

/** Takes a line of the fault's task. */
export function watch(window: Window, record: TraceRecord, change: Change | null, results: RawResults): void {
  if (change !== null) watchChange(window, record, change);
  else SIGNS[record.event]?.(window, record, results);
}

function watchChange(window: Window, record: TraceRecord, change: Change): void {
  const { wasPresent, isPresent, wasLeaf, isLeaf, level } = change;
  if (wasPresent && !isPresent) window.seen.add('retry-own-invalidation');
  if (isLeaf) window.leafMapped = true;
  if (!wasLeaf || isLeaf || level < 2) return;
  window.seen.add('leaf-replaced');
  if (!window.fault.isReserved) see(window, 'split', record);
}

/** Whether a fast_page_fault line says that the entry was fixed. */
export function isFixed(record: TraceRecord, { fixed }: RawResults): boolean {
  return numberOf(record, 'fixed') === 1 || numberOf(record, 'ret') === fixed;
}

function isSpurious(record: TraceRecord, { spurious }: RawResults): boolean {
  return numberOf(record, 'spurious') === 1 || numberOf(record, 'ret') === spurious;
}

/** Signs that settle a fault by themselves, the first that fits. */
const FIRST: readonly (Sign & FaultOutcome)[] = [
  'fast-fixed',
  'fast-spurious',
  'mmio-installed',
  'mapped',
  'split',
];

/** Tells what KVM did with a fault. @param isCut whether events of a CPU on which the task ran were lost in the window */
export function outcomeOf({ fault, seen }: Window, isCut: boolean): FaultOutcome {
  const first = FIRST.find((sign) => seen.has(sign));
  if (first !== undefined) return first;
  if (fault.isReserved && seen.has('mmio-hit')) return 'mmio-hit';
  if (seen.has('mmio')) return fault.isReserved ? 'mmio-cached' : 'emulated';
  if (seen.has(fault.kind === 'tdp' ? 'walk' : 'fetch-again')) return 'emulated';
  if (seen.has('guest-fault')) return 'guest-fault';
  if (seen.has('retry-own-invalidation')) return 'retry-own-invalidation';
  if (isCut) return 'unknown-lost';
  return seen.has('requested-not-set') ? 'requested-not-set' : 'silent';
}

/** The type of a kvm_mmio line; empty where the kernel lost it. */
export function mmioType(record: TraceRecord): string {
  const type = fieldOf(record, 'type');
  return typeof type === 'number' ? (MMIO_TYPES[type] ?? '') : String(type ?? '');
}

const MMIO_TYPES = ['unsatisfied-read', 'read', 'write'];
