// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, type Fields, field } from '../bits/bit-field.ts';

/**
 * What the CPU's page walker reads in a present entry.
 *
 * A vendor plugin names its format; two come with core because KVM's own rules speak of them.
 */
export interface EntryFormat {
  readonly name: string;
  /** Fields of an entry that points to a lower table. */
  readonly table: readonly BitField[];
  /** Fields of an entry that maps a page, but for those of another level. */
  readonly leaf: readonly BitField[];
  /** Permissions of the page walker; `user` where it tells users from supervisors, `execute` where a bit allows it. */
  readonly permissions: {
    readonly read: BitField;
    readonly write: BitField;
    readonly execute?: BitField;
    readonly noExecute?: BitField;
    readonly user?: BitField;
  };
  readonly address: BitField;
  readonly accessed: BitField;
  readonly dirty: BitField;
  /** Where an entry holds a memory type of its own. */
  readonly memtype?: BitField;
  readonly ignorePat?: BitField;
}

/** Names of the fields of an EPT entry. */
export type EptField =
  | 'readable'
  | 'writable'
  | 'executable'
  | 'memtype'
  | 'ignorePat'
  | 'pageSize'
  | 'accessed'
  | 'dirty'
  | 'userExecutable'
  | 'address'
  | 'suppressVe';

/** Names of the fields of an entry of NPT or shadow paging. */
export type PtField =
  | 'present'
  | 'writable'
  | 'user'
  | 'cacheControl'
  | 'accessed'
  | 'dirty'
  | 'pageSize'
  | 'pat'
  | 'patLarge'
  | 'global'
  | 'address'
  | 'noExecute';

// Fields that both formats have, each in its place.

const writable = (why: string): BitField<'writable'> =>
  field('writable', 1, 1, 'hardware', 'writes are allowed', { clear: 'writes fault', why });

const accessed = (n: number): BitField<'accessed'> =>
  field('accessed', n, n, 'hardware', 'the entry was used', {
    clear: 'not used since this was cleared, where the CPU keeps A/D bits',
    why: 'set by KVM on a fault and by the CPU, cleared to find pages out of use',
  });

const dirty = (n: number): BitField<'dirty'> =>
  field('dirty', n, n, 'hardware', 'the page was written', {
    clear: 'not written since this was cleared, where the CPU keeps A/D bits',
    why: 'set by KVM with write access and by the CPU, cleared to log dirty pages',
  });

const pageSize: BitField<'pageSize'> = field(
  'pageSize',
  7,
  7,
  'hardware',
  'maps a page (2M or 1G) instead of pointing to a table',
  { clear: 'points to a table', levels: [2, 5], why: 'set where the host backs the range with a huge page' },
);

const address: BitField<'address'> = field(
  'address',
  51,
  12,
  'hardware',
  'physical address of the page or the next table',
);

/** The bit that chooses a half of the PAT: its place depends on the level. */
const pat = <Name extends string>(name: Name, n: number, levels: readonly [number, number]): BitField<Name> =>
  field(name, n, n, 'hardware', 'chooses from the upper half of the PAT, with PCD and PWT', {
    clear: 'chooses from the lower half of the PAT, with PCD and PWT',
    levels,
  });

/**
 * Extended page tables.
 *
 * ```
 *  63       57  53 51                                    12  10 9 8 7 6 5 3 2 1 0
 *  ┌─┬────────────┬──────────────────────────────────────┬────┬─┬─┬─┬─┬───┬─┬─┬─┐
 *  │V│            │ address                              │  XU│D│A│S│I│MT │X│W│R│
 *  └─┴────────────┴──────────────────────────────────────┴────┴─┴─┴─┴─┴───┴─┴─┴─┘
 * ```
 */
export const EPT: Fields<EptField> = {
  readable: field('readable', 0, 0, 'hardware', 'reads are allowed', {
    clear: 'reads fault',
    why: 'set in every mapping, but taken away by access tracking',
  }),
  writable: writable(
    'clear for read-only memory, to log dirty pages, to protect shadowed tables, or by access tracking',
  ),
  executable: field('executable', 2, 2, 'hardware', 'fetches are allowed (supervisor fetches under MBEC)', {
    clear: 'fetches fault (supervisor fetches under MBEC)',
    why: 'clear in huge pages under nx_huge_pages, and by access tracking',
  }),
  memtype: field('memtype', 5, 3, 'hardware', 'memory type of the page', {
    values: { 0: 'UC', 1: 'WC', 2: 'reserved', 3: 'reserved', 4: 'WT', 5: 'WP', 6: 'WB', 7: 'reserved' },
    why: 'WB for RAM, UC for devices; a guest has a say only with non-coherent DMA',
  }),
  ignorePat: field('ignorePat', 6, 6, 'hardware', "the guest's PAT does not take part in the memory type", {
    clear: "the guest's PAT takes part in the memory type",
    why: 'set for RAM unless DMA is non-coherent',
  }),
  pageSize,
  accessed: accessed(8),
  dirty: dirty(9),
  userExecutable: field('userExecutable', 10, 10, 'hardware', 'user fetches are allowed (MBEC only)', {
    clear: 'user fetches fault (MBEC only)',
    why: 'set for user fetches since 7.2',
  }),
  address,
  suppressVe: field('suppressVe', 63, 63, 'hardware', 'an EPT violation here exits instead of raising #VE', {
    clear: 'an EPT violation here may raise #VE in the guest, where it is enabled',
    why: 'set in every entry since 6.10, so that no guest gets a #VE',
  }),
};

/**
 * Four- and five-level page tables of the architecture, as NPT and 64-bit shadow paging use them; PAE is the same
 * with bits 62:52 reserved.
 *
 * ```
 *  63                51                                     12   9 8 7 6 5 4 3 2 1 0
 *  ┌──┬──────────────┬──────────────────────────────────────┬─────┬─┬─┬─┬─┬───┬─┬─┬─┐
 *  │NX│              │ address                              │     │G│S│D│A│CWT│U│W│P│
 *  └──┴──────────────┴──────────────────────────────────────┴─────┴─┴─┴─┴─┴───┴─┴─┴─┘
 * ```
 */
export const PT: Fields<PtField> = {
  present: field('present', 0, 0, 'hardware', 'the entry is walked; reads are allowed', {
    clear: 'not present: every access faults',
    why: 'set in every table and mapping',
  }),
  writable: writable('clear for read-only memory, to log dirty pages, or to protect shadowed tables'),
  user: field('user', 2, 2, 'hardware', 'user accesses are allowed (NPT: every guest access is one)', {
    clear: 'user accesses fault (NPT: every guest access is one)',
    why: 'always set for NPT; shadow paging takes it from the guest',
  }),
  cacheControl: field('cacheControl', 4, 3, 'hardware', 'PCD and PWT: choose a PAT entry', {
    why: 'clear: PAT entry 0 is WB, and the host MTRRs decide',
  }),
  accessed: accessed(5),
  dirty: dirty(6),
  pageSize,
  pat: pat('pat', 7, [1, 1]),
  patLarge: pat('patLarge', 12, [2, 3]),
  global: field('global', 8, 8, 'hardware', 'survives a CR3 load', { clear: 'does not survive a CR3 load' }),
  address,
  noExecute: field('noExecute', 63, 63, 'hardware', 'fetches are refused', {
    clear: 'fetches are allowed',
    why: 'set where the guest asked for it, and in huge pages under nx_huge_pages',
  }),
};

/** Entries of an EPT table. */
export const eptFormat: EntryFormat = {
  name: 'ept',
  table: [
    EPT.readable,
    EPT.writable,
    EPT.executable,
    EPT.pageSize,
    EPT.accessed,
    EPT.userExecutable,
    EPT.address,
    EPT.suppressVe,
  ],
  leaf: Object.values(EPT),
  permissions: { read: EPT.readable, write: EPT.writable, execute: EPT.executable },
  address: EPT.address,
  accessed: EPT.accessed,
  dirty: EPT.dirty,
  memtype: EPT.memtype,
  ignorePat: EPT.ignorePat,
};

/** Entries of an NPT or shadow page table. */
export const legacyFormat: EntryFormat = {
  name: 'legacy',
  table: [
    PT.present,
    PT.writable,
    PT.user,
    PT.cacheControl,
    PT.accessed,
    PT.pageSize,
    PT.address,
    PT.noExecute,
  ],
  leaf: Object.values(PT),
  permissions: { read: PT.present, write: PT.writable, noExecute: PT.noExecute, user: PT.user },
  address: PT.address,
  accessed: PT.accessed,
  dirty: PT.dirty,
};
