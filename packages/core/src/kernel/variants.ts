// SPDX-License-Identifier: GPL-2.0-only
import {
  logsNewWritable,
  makeSpteWarns,
  makingWritable,
  nxHugePagesOptOut,
  pfnQuestions,
  synchronizingKeepsAccessed,
  writableOldSpte,
  writeProtectsWithoutLog,
} from './make-spte-variants.ts';
import { accessBits, gpteIs8Bytes, roleLayout } from './role.ts';
import { meMaskIsHosts, mmioCaching } from './start-up-variants.ts';
import { defineVariant, type Variant } from './variant.ts';
import {
  ageingUpdates,
  checksWritableInvariants,
  locklesslyWritable,
  notifierKeepsMmuWritable,
  restoreWarns,
  updateEffects,
  volatileBits,
} from './writable-variants.ts';
import {
  eptReservesPageSize,
  nptHasNx,
  pdpteBit8Reserved,
  shadowGbpagesByTdp,
  shadowNx,
} from './zero-check-variants.ts';

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
    change: 'the VM is marked bugged, and a child is computed all the same, by make_small_spte()',
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

export const notifierMakesSpte: Variant<boolean> = defineVariant(
  'a page that the host moves',
  {
    since: '5.4',
    value: true,
    change: 'its SPTE follows at once, read-only (kvm_mmu_changed_pte_notifier_make_spte)',
  },
  { since: '6.10', value: false, change: 'its SPTE is zapped; the next fault finds the new page' },
);

/** Numbers of `RET_PF_*`; null for one that the kernel does not have. */
export interface RetPf {
  readonly CONTINUE: number | null;
  readonly RETRY: number;
  readonly EMULATE: number;
  readonly INVALID: number;
  readonly FIXED: number | null;
  readonly SPURIOUS: number | null;
}

/** How a kernel numbers what a page fault comes to. */
export const retPf: Variant<RetPf> = defineVariant(
  'what a page fault comes to, as a number',
  {
    since: '5.4',
    value: { CONTINUE: null, RETRY: 0, EMULATE: 1, INVALID: 2, FIXED: null, SPURIOUS: null },
    change: 'retry 0, emulate 1, invalid 2; fast_page_fault tells spurious and fixed by W',
  },
  {
    since: '5.10',
    value: { CONTINUE: null, RETRY: 0, EMULATE: 1, INVALID: 2, FIXED: 3, SPURIOUS: 4 },
    change: 'fixed 3, spurious 4',
  },
  {
    since: '5.19',
    value: { CONTINUE: 0, RETRY: 1, EMULATE: 2, INVALID: 3, FIXED: 4, SPURIOUS: 5 },
    change: 'continue is 0, all others move up by one',
  },
  {
    since: '6.12',
    value: { CONTINUE: 0, RETRY: 1, EMULATE: 2, INVALID: 4, FIXED: 5, SPURIOUS: 6 },
    change: 'write-protected is 3, the ones after it move up by one',
  },
);

/** Names of error code bits, in the order in which they are printed. */
export type ErrorCodeNames = readonly (readonly [bit: number, name: string])[];

/** The names that every kernel has, and others between U and RSVD. */
const namesOf = (...others: ErrorCodeNames): ErrorCodeNames => [
  [0, 'P'],
  [1, 'W'],
  [2, 'U'],
  ...others,
  [3, 'RSVD'],
  [4, 'F'],
];

export const errorCodeNames: Variant<ErrorCodeNames> = defineVariant<ErrorCodeNames>(
  'names of page-fault error code bits in traces',
  { since: '5.4', value: namesOf(), change: 'P W U RSVD F, other bits in hex' },
  {
    since: '6.18',
    value: namesOf([5, 'PK'], [6, 'SS'], [15, 'SGX']),
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
  writableOldSpte,
  makingWritable,
  logsNewWritable,
  synchronizingKeepsAccessed,
  writeProtectsWithoutLog,
  nxHugePagesOptOut,
  makeSpteWarns,
  pfnQuestions,
  softwareAdBits,
  locklesslyWritable,
  checksWritableInvariants,
  volatileBits,
  updateEffects,
  ageingUpdates,
  restoreWarns,
  badSplit,
  splitTakesExecAway,
  notifierMakesSpte,
  notifierKeepsMmuWritable,
  physBitsAtModuleInit,
  meMaskIsHosts,
  mmioCaching,
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
