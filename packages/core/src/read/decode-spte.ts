// SPDX-License-Identifier: GPL-2.0-only

import { checkLevel, checkU64 } from '../bits/arguments.ts';
import { fieldValue } from '../bits/bit-field.ts';
import { PAGE_SHIFT } from '../bits/bits.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import { restoreAccTrackSpte } from '../rules/access-track.ts';
import {
  isAccessedSpte,
  isDirtySpte,
  isMmuWritableSpte,
  isSupervisorExecutable,
  isWritablePte,
  spteToPfn,
} from '../rules/predicates.ts';
import { type DecodedField, decodeFields, fieldText } from './decode-fields.ts';
import { type Evidence, evidenceFor } from './evidence.ts';
import { isPresentKind, readByPolicy, type SpteKind, spteKind } from './spte-kind.ts';

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
    fields: decodeFields(mmu, spte, level, kind),
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
      execute: isSupervisorExecutable(mmu, spte),
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
