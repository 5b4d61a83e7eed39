// SPDX-License-Identifier: GPL-2.0-only
import { accessBits, gpteIs8Bytes, roleLayout } from './role.ts';
import { meMaskIsHosts, mmioCaching, mmioMarkerAlone } from './start-up-variants.ts';
import { defineVariant, type Variant } from './variant.ts';
import {
  eptReservesPageSize,
  nptHasNx,
  pdpteBit8Reserved,
  shadowGbpagesByTdp,
  shadowNx,
} from './zero-check-variants.ts';

/** How `make_spte()` makes an SPTE writable. A writable old SPTE spares it the unsync attempt. */
export interface MakingWritable {
  /** Whether the old SPTE must be a last-level one for that. */
  readonly needsLeaf: boolean;
  /**
   * Whether W, MMU-writable and D are set together or not at all. Else W and MMU-writable are set first and taken back
   * when write access is refused (from a pfn that reaches them as well), and a spared attempt spares D.
   */
  readonly atOnce: boolean;
}

export const makingWritable: Variant<MakingWritable> = defineVariant(
  'making an SPTE writable over a writable old one',
  {
    since: '5.4',
    value: { needsLeaf: false, atOnce: false },
    change:
      'any old value with bit 1 set, an MMIO or a non-leaf SPTE too, spares the unsync attempt and D: a 2M leaf written over a table lacks its dirty bit',
  },
  {
    since: '6.1.192',
    value: { needsLeaf: true, atOnce: false },
    change: 'stable fix: the old SPTE must be a last-level one (level 1, or bit 7 set)',
  },
  {
    since: '6.2',
    value: { needsLeaf: false, atOnce: false },
    change: 'as 5.4: 6.2 to 6.10 lack the fix',
  },
  {
    since: '6.11',
    value: { needsLeaf: true, atOnce: false },
    change: 'the old SPTE must be a last-level one',
  },
  {
    since: '6.13',
    value: { needsLeaf: true, atOnce: true },
    change: 'only the unsync attempt is spared: every writable SPTE has D',
  },
);

export const softwareAdBits: Variant<boolean> = defineVariant(
  'A/D bits in SPTEs for which hardware keeps none',
  {
    since: '5.4',
    value: false,
    change:
      'without EPT A/D the masks are 0; an untracked A/D-disabled SPTE counts as accessed, W counts as dirty',
  },
  {
    since: '6.13',
    value: true,
    change:
      'the masks are always set and KVM writes the bits itself: an A/D-disabled leaf shows 8 and 9, tracking clears 8, accessed is one bit',
  },
);

export const synchronizingKeepsAccessed: Variant<boolean> = defineVariant(
  'prefetched SPTEs while a shadowed table is synchronized',
  { since: '5.4', value: false, change: 'a prefetched SPTE is never accessed, and tracked where A/D is off' },
  { since: '6.13', value: true, change: 'not while synchronizing: the entry had been in use' },
);

/** What makes an SPTE change behind mmu_lock's back. */
export interface VolatileBits {
  /** Whether every A/D-disabled SPTE counts, tracked or not. */
  readonly everyAdDisabled: boolean;
  /** Whether a clear accessed bit counts. */
  readonly accessed: boolean;
}

export const volatileBits: Variant<VolatileBits> = defineVariant(
  'which SPTEs must be updated atomically',
  {
    since: '5.4',
    value: { everyAdDisabled: false, accessed: true },
    change: 'tracked ones, and those whose accessed or dirty bit the CPU may set (spte_has_volatile_bits)',
  },
  {
    since: '6.17',
    value: { everyAdDisabled: true, accessed: false },
    change:
      'every A/D-disabled one; the accessed bit may be lost (spte_needs_atomic_update; read in 6.17, not in 6.14)',
  },
);

/** What updating an SPTE does about lost bits. */
export interface UpdateEffects {
  /** Whether losing A or D asks for a flush and is passed on to the page. */
  readonly tellsAccessedAndDirty: boolean;
}

export const updateEffects: Variant<UpdateEffects> = defineVariant(
  'TLB flush after mmu_spte_update()',
  {
    since: '5.4',
    value: { tellsAccessedAndDirty: true },
    change: 'when W is lost from an MMU-writable SPTE, or accessed or dirty is lost',
  },
  {
    since: '6.13',
    value: { tellsAccessedAndDirty: false },
    change: 'when MMU-writable is lost, and then only; accessed and dirty are not passed on',
  },
);

/** What splitting does with an SPTE that maps no huge page. */
export type BadSplit =
  | { readonly bugsVm: false }
  | { readonly bugsVm: true; readonly code: 'split.not-present-or-not-large' | 'small.bad-huge-spte' };

export const badSplit: Variant<BadSplit> = defineVariant<BadSplit>(
  'splitting an SPTE that maps no huge page',
  { since: '5.4', value: { bugsVm: false }, change: 'WARN, and the child is 0' },
  {
    since: '6.11',
    value: { bugsVm: true, code: 'split.not-present-or-not-large' },
    change: 'the VM is marked bugged, and a child is computed all the same',
  },
  {
    since: '6.13',
    value: { bugsVm: true, code: 'small.bad-huge-spte' },
    change: 'as before; the function is now make_small_spte()',
  },
);

export const splitTakesExecAway: Variant<boolean> = defineVariant(
  'permission to execute after a split to 4K',
  { since: '5.4', value: false, change: 'given where the role allows it, never taken' },
  { since: '7.2', value: true, change: 'given and taken as the role says, for supervisors and users apart' },
);

export const physBitsAtModuleInit: Variant<boolean> = defineVariant(
  "when the host's MAXPHYADDR is determined",
  { since: '5.4', value: false, change: 'at each vendor load (shadow_phys_bits)' },
  { since: '6.11', value: true, change: 'once, when kvm.ko is loaded (kvm_host.maxphyaddr)' },
);

export const mmioPfnAskedOnce: Variant<boolean> = defineVariant(
  'how often a pfn is classified while one SPTE is built',
  { since: '5.4', value: false, change: 'at each use: for the memory type, and again for encryption' },
  { since: '6.17', value: true, change: 'once (read in 6.17, not in 6.14)' },
);

export const notifierMakesSpte: Variant<boolean> = defineVariant(
  'a page that the host moves',
  {
    since: '5.4',
    value: true,
    change: 'its SPTE follows at once, read-only (kvm_mmu_changed_pte_notifier_make_spte)',
  },
  { since: '6.10', value: false, change: 'its SPTE is zapped; the next fault finds the new page' },
);

/** Numbers of `RET_PF_*`. */
export interface RetPf {
  readonly CONTINUE: number;
  readonly RETRY: number;
  readonly EMULATE: number;
  readonly INVALID: number;
  readonly FIXED: number;
  readonly SPURIOUS: number;
}

/** How a kernel numbers what a page fault comes to. */
export const retPf: Variant<RetPf> = defineVariant(
  'what a page fault comes to, as a number',
  {
    since: '5.4',
    value: { CONTINUE: 0, RETRY: 1, EMULATE: 2, INVALID: 3, FIXED: 4, SPURIOUS: 5 },
    change: 'continue 0, retry 1, emulate 2, invalid 3, fixed 4, spurious 5',
  },
  {
    since: '6.12',
    value: { CONTINUE: 0, RETRY: 1, EMULATE: 2, INVALID: 4, FIXED: 5, SPURIOUS: 6 },
    change: 'write-protected is 3, the ones after it move up by one',
  },
);

/** Names of error code bits, in the order in which they are printed. */
export type ErrorCodeNames = readonly (readonly [bit: number, name: string])[];

const PWU: ErrorCodeNames = [
  [0, 'P'],
  [1, 'W'],
  [2, 'U'],
];
const RSVD_F: ErrorCodeNames = [
  [3, 'RSVD'],
  [4, 'F'],
];

export const errorCodeNames: Variant<ErrorCodeNames> = defineVariant<ErrorCodeNames>(
  'names of page-fault error code bits in traces',
  { since: '5.4', value: [...PWU, ...RSVD_F], change: 'P W U RSVD F, other bits in hex' },
  {
    since: '6.18',
    value: [...PWU, [5, 'PK'], [6, 'SS'], [15, 'SGX'], ...RSVD_F],
    change: 'PK, SS and SGX have names, between U and RSVD',
  },
);

/** Prefixes of what goes to the kernel log. */
export interface LogPrefixes {
  readonly printk: '' | 'kvm: ';
  /** Of the WARN about busy saved bits. */
  readonly accessTrackWarn: '' | 'kvm: ';
}

/** How a kernel begins its log lines. */
export const logPrefixes: Variant<LogPrefixes> = defineVariant<LogPrefixes>(
  'prefix of kernel log lines',
  {
    since: '5.4',
    value: { printk: '', accessTrackWarn: 'kvm: ' },
    change: '`get_mmio_spte: reserved bits set …`, but `kvm: Access Tracking saved bit locations …`',
  },
  {
    since: '6.3',
    value: { printk: 'kvm: ', accessTrackWarn: '' },
    change: 'the other way round: `kvm: get_mmio_spte: …`',
  },
);

/** Every difference between kernels that the rules of this package know, for the documentation. */
export const coreVariants: readonly Variant<unknown>[] = [
  makingWritable,
  synchronizingKeepsAccessed,
  softwareAdBits,
  volatileBits,
  updateEffects,
  badSplit,
  splitTakesExecAway,
  notifierMakesSpte,
  mmioPfnAskedOnce,
  physBitsAtModuleInit,
  meMaskIsHosts,
  mmioCaching,
  mmioMarkerAlone,
  eptReservesPageSize,
  nptHasNx,
  shadowNx,
  shadowGbpagesByTdp,
  pdpteBit8Reserved,
  accessBits,
  roleLayout,
  gpteIs8Bytes,
  retPf,
  errorCodeNames,
  logPrefixes,
];
