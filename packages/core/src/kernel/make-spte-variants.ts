// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, rowSince, type Variant } from './variant.ts';

// What differs between kernels in how make_spte() builds a leaf.

/** Which old SPTE counts as already writable, so that a new one in its place needs no unsync attempt. */
export interface WritableOldSpte {
  /** Whether it does only while nothing may go out of sync. */
  readonly whileSynchronizing: boolean;
  /** Whether it must be a last-level one. */
  readonly leaf: boolean;
}

const WHILE_SYNCHRONIZING = {
  value: { whileSynchronizing: true, leaf: false },
  change: 'any old value with bit 1 set, but only while a shadowed table is synchronized',
};
const ANY = {
  value: { whileSynchronizing: false, leaf: false },
  change: 'always, by any old value with bit 1 set, an MMIO or a non-leaf SPTE too',
};
const LEAF = {
  value: { whileSynchronizing: false, leaf: true },
  change: 'by a last-level one (level 1, or bit 7 set)',
  commits: ['2867eb782cf7'],
};

export const writableOldSpte: Variant<WritableOldSpte> = defineVariant(
  'which writable old SPTE spares a new one the unsync attempt',
  rowSince('5.4', WHILE_SYNCHRONIZING),
  rowSince('5.16', ANY),
  rowSince('6.1.120', LEAF),
  rowSince('6.2', ANY),
  rowSince('6.6.64', LEAF),
  rowSince('6.7', ANY),
  rowSince('6.11.11', LEAF),
  rowSince('6.12', ANY),
  rowSince('6.12.2', LEAF),
);

/** How `make_spte()` makes an SPTE writable. */
export interface MakingWritable {
  /**
   * Whether W, MMU-writable and D are set together or not at all. Else W and MMU-writable are set first and taken back
   * when write access is refused (from a pfn that reaches them as well), and D is skipped with the unsync attempt.
   */
  readonly together: boolean;
  /** Whether access tracking is skipped with the unsync attempt, too. */
  readonly skipsTracking: boolean;
}

export const makingWritable: Variant<MakingWritable> = defineVariant(
  'making an SPTE writable over a writable old one',
  {
    since: '5.4',
    value: { together: false, skipsTracking: true },
    change: 'without the unsync attempt it gets no D, and a prefetched one is not tracked',
  },
  {
    since: '5.16',
    value: { together: false, skipsTracking: false },
    change: 'without the unsync attempt it gets no D: a 2M leaf written over a table lacks its dirty bit',
  },
  {
    since: '6.13',
    value: { together: true, skipsTracking: false },
    change: 'only the unsync attempt is spared: every writable SPTE has D',
    commits: ['cc7ed3358e41', '081976992f43'],
  },
);

export const synchronizingKeepsAccessed: Variant<boolean> = defineVariant(
  'prefetched SPTEs while a shadowed table is synchronized',
  { since: '5.4', value: false, change: 'a prefetched SPTE is never accessed, and tracked where A/D is off' },
  { since: '6.13', value: true, change: 'not while synchronizing: the entry had been in use' },
);

/** When `make_spte()` asks whether a pfn is a device's. */
export interface PfnQuestions {
  /** Whether for a memory type wherever TDP is on; else only where entries have one. */
  readonly underTdp: boolean;
  /** Whether for encryption also where nothing is encrypted. */
  readonly unencrypted: boolean;
  /** Whether once at most. */
  readonly once: boolean;
}

export const pfnQuestions: Variant<PfnQuestions> = defineVariant(
  'how often a pfn is classified while one SPTE is built',
  {
    since: '5.4',
    value: { underTdp: true, unencrypted: true, once: false },
    change: 'at each use: for the memory type wherever TDP is on, and always for encryption',
  },
  {
    since: '5.19',
    value: { underTdp: true, unencrypted: false, once: false },
    change: 'for encryption only where memory is encrypted',
  },
  {
    since: '6.0',
    value: { underTdp: false, unencrypted: false, once: false },
    change: 'for the memory type only where entries have one: EPT',
  },
  { since: '6.17', value: { underTdp: false, unencrypted: false, once: true }, change: 'once' },
);

/** What `make_spte()` warns about. */
export interface MakeSpteWarns {
  readonly noAccess: boolean;
  readonly reservedBits: boolean;
}

export const makeSpteWarns: Variant<MakeSpteWarns> = defineVariant(
  'WARNs about a new leaf',
  { since: '5.4', value: { noAccess: false, reservedBits: false }, change: 'none' },
  {
    since: '5.14',
    value: { noAccess: false, reservedBits: true },
    change: 'if it has bits that the zero check reserves',
  },
  {
    since: '6.0',
    value: { noAccess: true, reservedBits: true },
    change: 'also if no access is asked for and no present bit set',
  },
);

export const logsNewWritable: Variant<boolean> = defineVariant(
  'dirty logging of a new writable SPTE',
  { since: '5.4', value: false, change: 'the callers of make_spte() do it' },
  { since: '5.16', value: true, change: 'make_spte() marks the gfn dirty' },
);

export const nxHugePagesOptOut: Variant<boolean> = defineVariant(
  'who decides that huge pages are not executable',
  { since: '5.4', value: false, change: 'the parameter nx_huge_pages' },
  { since: '6.0', value: true, change: 'a VM may opt out' },
);

export const writeProtectsWithoutLog: Variant<boolean> = defineVariant(
  "A/D type of a nested guest's entries",
  {
    since: '5.4',
    value: true,
    change: '2, write-protect only, on every CPU: on AMD too, where it puts bit 53 into entries of NPT',
  },
  { since: '5.12', value: false, change: "2 only where the CPU's dirty log (PML) is in use" },
);
