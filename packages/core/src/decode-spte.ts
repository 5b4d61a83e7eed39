// SPDX-License-Identifier: GPL-2.0-only

import { restoreAccTrackSpte } from './access-track.ts';
import { checkLevel, checkU64 } from './arguments.ts';
import type { Because } from './because.ts';
import { type FieldOwner, fieldValue } from './bit-field.ts';
import { PAGE_SHIFT } from './bits.ts';
import { decodeFields, fieldText } from './decode-fields.ts';
import { PT } from './entry-format.ts';
import { type Evidence, evidenceFor } from './evidence.ts';
import { makeNonleafSpte } from './make-nonleaf-spte.ts';
import type { Mmu } from './mmu.ts';
import type { PolicyReading } from './plugin.ts';
import {
  isAccessedSpte,
  isAccessTrackSpte,
  isDirtySpte,
  isExecutablePte,
  isLastSpte,
  isMmuWritableSpte,
  isRemovedSpte,
  isShadowPresentPte,
  isWritablePte,
  spteToPfn,
} from './predicates.ts';

/**
 * What an entry is: a mapping (`leaf`, or `tracked` while its permissions are taken away), a pointer to a lower
 * `table`, an `mmio` marker, `frozen` while a CPU changes it, `empty`, or none of these.
 */
export type SpteKind = 'leaf' | 'tracked' | 'table' | 'mmio' | 'frozen' | 'empty' | 'unknown';

/** A field of an entry with its value. All fields of a decoded entry together cover its 64 bits, each bit once. */
export interface DecodedField {
  readonly name: string;
  readonly mask: bigint;
  /** Bits of the field, shifted down to 0; an address stays in its place, in bytes. */
  readonly value: bigint;
  /** `none`: neither the CPU nor KVM gives these bits a meaning here. */
  readonly owner: FieldOwner | 'none';
  readonly meaning: string;
  /** The value in words. */
  readonly text: string;
  /** Why KVM sets the field as it does; null where there is nothing to say. */
  readonly why: string | null;
  readonly because: Because;
}

/** Permissions that the CPU grants; `user` is null where the format does not tell users from supervisors. */
export interface DecodedAccess {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean | null;
}

/** How accessed and dirty are kept. */
export type AdType = 'enabled' | 'disabled' | 'write-protect-only' | 'invalid';

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
}

/** Whether entries of this kind are shadow-present. */
export function isPresentKind(kind: SpteKind): boolean {
  return kind === 'leaf' || kind === 'tracked' || kind === 'table';
}

/**
 * Says what an entry is. Never throws for a 64-bit word and a legal level.
 *
 * @param level level of the entry, 1..5; when it is not known, bits that KVM sets in leaves only tell a leaf from a
 *   table
 */
export function spteKind(mmu: Mmu, spte: bigint, level: number | null): SpteKind {
  if (isRemovedSpte(mmu, spte)) return 'frozen';
  if (isShadowPresentPte(mmu, spte)) {
    if (mmu.masks.accTrack !== 0n && isAccessTrackSpte(mmu, spte)) return 'tracked';
    if (!isWalked(mmu, spte)) return 'unknown';
    return isLeaf(mmu, spte, level) ? 'leaf' : 'table';
  }
  if (readByPolicy(mmu, spte) !== null) return 'mmio';
  return spte === 0n || spte === mmu.layout.empty ? 'empty' : 'unknown';
}

/** Before 5.13 everything that is not zero, MMIO or frozen counts as present, also what no CPU walks. */
function isWalked({ layout, masks }: Mmu, spte: bigint): boolean {
  return layout.mmuPresent !== null || (spte & (masks.present | masks.accTrack)) !== 0n;
}

/** Without a level, an entry is a table if it has all that KVM sets in tables and nothing that it sets in leaves only. */
function isLeaf(mmu: Mmu, spte: bigint, level: number | null): boolean {
  if (level !== null) return isLastSpte(spte, level);
  const { masks, vendor } = mmu;
  const { dirty, memtype } = vendor.format;
  const leafOnly =
    masks.hostWritable | masks.mmuWritable | dirty.mask | (memtype?.mask ?? 0n) | PT.pageSize.mask;
  const inTables = tableBits(mmu);
  return (spte & leafOnly) !== 0n || (spte & inTables) !== inTables;
}

/** The bits that KVM sets in every table, but for those that say how it is walked. */
export function tableBits(mmu: Mmu): bigint {
  return makeNonleafSpte(mmu, 0n, true) & ~mmu.layout.adType.mask & ~mmu.masks.present;
}

/** What the first policy that recognises the entry reads in it. */
export function readByPolicy(mmu: Mmu, spte: bigint): PolicyReading | null {
  for (const { read } of mmu.policies) {
    const reading = read?.(mmu, spte) ?? null;
    if (reading !== null) return reading;
  }
  return null;
}

/**
 * Takes an entry apart: what it is, what each of its 64 bits says, where it points to.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 */
export function decodeSpte(mmu: Mmu, spte: bigint, level: number | null = null): DecodedSpte {
  checkU64('spte', spte);
  if (level !== null) checkLevel('level', level);
  const kind = spteKind(mmu, spte, level);
  const mmio = kind === 'mmio' ? readByPolicy(mmu, spte) : null;
  return {
    value: spte,
    level,
    kind,
    evidence: evidenceFor(mmu, spte, level),
    fields: decodeFields(mmu, spte, level, kind, mmio),
    mapping: isPresentKind(kind) ? decodeMapping(mmu, spte, kind) : null,
    mmio,
  };
}

const AD_TYPES: readonly AdType[] = ['enabled', 'disabled', 'write-protect-only', 'invalid'];

function decodeMapping(mmu: Mmu, spte: bigint, kind: SpteKind): DecodedMapping {
  const { masks, layout, vendor } = mmu;
  const { permissions, memtype, ignorePat } = vendor.format;
  const isSet = (mask: bigint): boolean => (spte & mask) !== 0n;
  const table = kind === 'table';
  const pfn = spteToPfn(mmu, spte);
  return {
    pfn,
    hpa: pfn << PAGE_SHIFT,
    access: {
      read: isSet(permissions.read.mask),
      write: isWritablePte(spte),
      execute: isExecutablePte(mmu, spte),
      user: permissions.user === undefined ? null : isSet(permissions.user.mask),
    },
    memtype: table || memtype === undefined ? null : fieldText(memtype, spte),
    ignorePat: table || ignorePat === undefined ? null : isSet(ignorePat.mask),
    adType: AD_TYPES[Number(fieldValue(spte, layout.adType))] as AdType,
    accessed: table ? isSet(vendor.format.accessed.mask) : isAccessedSpte(mmu, spte),
    dirty: table ? null : isDirtySpte(mmu, spte),
    hostWritable: table ? null : isSet(masks.hostWritable),
    mmuWritable: table ? null : isMmuWritableSpte(mmu, spte),
    encrypted: isSet(masks.meMask | masks.meValue),
    restored: kind === 'tracked' ? restoreAccTrackSpte(mmu, spte) : null,
  };
}
