// SPDX-License-Identifier: GPL-2.0-only

import { fieldValue } from '../bits/bit-field.ts';
import { PAGE_SHIFT } from '../bits/bits.ts';
import type { Mmu, PluginKind, PolicyReading } from '../mmu/contract.ts';
import type { PluginName, SpteKind } from '../mmu/entry-kind.ts';
import { restoreAccTrackSpte } from '../rules/access-track.ts';
import {
  isAccessedSpte,
  isDirty,
  isMmuWritable,
  isSupervisorExecutable,
  isWritablePte,
  spteToPfn,
} from '../rules/predicates.ts';
import { decodeFields } from './decode-fields.ts';
import { type DecodedField, fieldText } from './decoded-field.ts';
import { checkEntry, type Entry, entryAt } from './entry.ts';
import { type Evidence, evidenceFor } from './evidence.ts';
import { shapeOf } from './shape.ts';
import { isPresentKind } from './spte-kind.ts';
import { pluginKind } from './takers.ts';

/** Permissions that the CPU grants; `user` is null where the format does not tell users from supervisors. */
export interface DecodedAccess {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean | null;
}

/** How accessed and dirty are kept. */
export type AdType = 'enabled' | 'disabled' | 'write-protect-only' | 'invalid';

/**
 * Why a leaf does not let the CPU write: `host`, the host has the page, or its memslot, read-only; `write-tracking`, a page table of the
 * guest is shadowed at its gfn, or allows no more; `dirty-logging`, KVM wants to notice the next write.
 */
export type ReadOnlyReason = 'host' | 'write-tracking' | 'dirty-logging';

/** What a mapping or a table allows and points to. */
export interface DecodedMapping {
  readonly pfn: bigint;
  /** Host physical address in bytes. */
  readonly hpa: bigint;
  /** What the CPU allows now. */
  readonly access: DecodedAccess;
  /** Memory type of its own (`WB`), null where the entry has none: a table, or paging by PAT. */
  readonly memtype: string | null;
  /** Whether the guest's PAT is left out; null where the entry does not say. */
  readonly ignorePat: boolean | null;
  readonly adType: AdType;
  readonly accessed: boolean;
  /** Null for a table. */
  readonly dirty: boolean | null;
  /** Null for a table. */
  readonly hostWritable: boolean | null;
  /** Null for a table. */
  readonly mmuWritable: boolean | null;
  /** Null for a table, for what is access-tracked, and where the CPU may write. */
  readonly readOnly: ReadOnlyReason | null;
  /** Whether memory-encryption bits are set. */
  readonly encrypted: boolean;
  /** What a tracked leaf becomes when the page is used again; null for every other entry. */
  readonly restored: bigint | null;
}

/** A decoded entry. */
export interface DecodedSpte {
  readonly value: bigint;
  /** Level of the entry, 1..5; null when it is not known. */
  readonly level: number | null;
  readonly kind: SpteKind;
  /** What speaks for each kind and against it. */
  readonly evidence: readonly Evidence[];
  readonly fields: readonly DecodedField[];
  /** For a leaf, a tracked leaf or a table. */
  readonly mapping: DecodedMapping | null;
  /** For an MMIO entry. */
  readonly mmio: PolicyReading | null;
  /** For an entry of a plugin's own kind: what it is called, and the kind of core's that it counts as. */
  readonly own: OwnKind | null;
  /** The plugins that would have taken the entry, had not one before them; in the order in which they are asked. */
  readonly alsoReadBy: readonly string[];
}

/** An entry of a plugin's own kind. */
export interface OwnKind extends Pick<PluginKind, 'label' | 'countsAs'> {
  /** The plugin's name. */
  readonly plugin: string;
}

/**
 * Takes an entry apart: what it is, what each of its 64 bits says, where it points to.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 *
 * @example
 * ```ts
 * import { createMmu, decodeSpte, hex } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const { kind, mapping } = decodeSpte(mmu, 0x600000455299b77n, 1);
 * kind; // leaf
 * hex(mapping?.hpa ?? 0n); // 0x455299000
 * [mapping?.accessed, mapping?.dirty, mapping?.memtype]; // [ true, true, 'WB' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, decodeSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * // Without a level, bits that KVM sets in leaves only tell a leaf from a table.
 * [0x600000455299b77n, 0x17a907n].map((spte) => decodeSpte(mmu, spte).kind); // [ 'leaf', 'table' ]
 * ```
 */
export function decodeSpte(mmu: Mmu, spte: bigint, level: number | null = null): DecodedSpte {
  checkEntry(spte, level);
  return decodeEntry(entryAt(mmu, spte, level));
}

/** {@link decodeSpte} for an entry at hand. */
export function decodeEntry(entry: Entry): DecodedSpte {
  const { mmu, spte, level, kind, reading } = entry;
  const shape = shapeOf(entry);
  return {
    value: spte,
    level,
    kind,
    evidence: evidenceFor(entry, shape.tests),
    fields: decodeFields(entry, shape),
    mapping: isPresentKind(kind) ? decodeMapping(entry) : null,
    mmio: reading,
    own: isNamed(kind) ? ownKind(mmu, kind) : null,
    alsoReadBy: othersOf(entry),
  };
}

const isNamed = (kind: SpteKind): kind is PluginName => kind.includes('/');

function ownKind(mmu: Mmu, kind: PluginName): OwnKind {
  const { label, countsAs } = pluginKind(mmu, kind);
  return { plugin: kind.slice(0, kind.indexOf('/')), label, countsAs };
}

const NOBODY: readonly string[] = [];

/** Who else would have taken an entry that a plugin took. */
function othersOf({ answers: { takers } }: Entry): readonly string[] {
  return takers.length < 2 ? NOBODY : takers.slice(1).map(({ plugin }) => plugin);
}

const AD_TYPES: readonly AdType[] = ['enabled', 'disabled', 'write-protect-only', 'invalid'];

function decodeMapping({ mmu, spte, kind }: Entry): DecodedMapping {
  const { masks, layout, vendor } = mmu;
  const { ignorePat } = vendor.format;
  const isSet = (mask: bigint): boolean => (spte & mask) !== 0n;
  const table = kind === 'table';
  const pfn = spteToPfn(mmu, spte);
  return {
    pfn,
    hpa: pfn << PAGE_SHIFT,
    access: accessOf(mmu, spte),
    memtype: table ? null : memtypeOf(mmu, spte),
    ignorePat: table || ignorePat === undefined ? null : isSet(ignorePat.mask),
    adType: AD_TYPES[Number(fieldValue(spte, layout.adType))] as AdType,
    accessed: table ? isSet(vendor.format.accessed.mask) : isAccessedSpte(mmu, spte),
    dirty: table ? null : isDirty(mmu, spte),
    hostWritable: table ? null : isSet(masks.hostWritable),
    mmuWritable: table ? null : isMmuWritable(mmu, spte),
    readOnly: readOnlyReason(mmu, spte, kind),
    encrypted: isSet(masks.meMask | masks.meValue),
    restored: kind === 'tracked' ? restoreAccTrackSpte(mmu, spte) : null,
  };
}

/**
 * Says why a leaf does not let the CPU write: the two software bits, wherever the layout has them, tell it. Null for
 * other entries, and where the CPU may write.
 *
 * @param kind what the entry is, as `spteKind()` says
 *
 * @example
 * ```ts
 * import { createMmu, readOnlyReason } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * readOnlyReason(mmu, 0x600000455299b77n, 'leaf'); // null
 * readOnlyReason(mmu, 0x600000455299b75n, 'leaf'); // dirty-logging
 * readOnlyReason(mmu, 0x200000455299b75n, 'leaf'); // write-tracking
 * readOnlyReason(mmu, 0x000000455299b75n, 'leaf'); // host
 * ```
 */
export function readOnlyReason(mmu: Mmu, spte: bigint, kind: SpteKind): ReadOnlyReason | null {
  if (kind !== 'leaf' || isWritablePte(spte)) return null;
  if ((spte & mmu.masks.hostWritable) === 0n) return 'host';
  return isMmuWritable(mmu, spte) ? 'dirty-logging' : 'write-tracking';
}

/** What the CPU allows through a present entry. */
export function accessOf(mmu: Mmu, spte: bigint): DecodedAccess {
  const { read, user } = mmu.vendor.format.permissions;
  return {
    read: (spte & read.mask) !== 0n,
    write: isWritablePte(spte),
    execute: isSupervisorExecutable(mmu, spte),
    user: user === undefined ? null : (spte & user.mask) !== 0n,
  };
}

/** The memory type of a leaf in words (`WB`); null where the format has none. */
export function memtypeOf({ vendor }: Mmu, spte: bigint): string | null {
  const { memtype } = vendor.format;
  return memtype === undefined ? null : fieldText(memtype, spte);
}
