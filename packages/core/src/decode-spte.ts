// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from './arguments.ts';
import { type BitField, type FieldOwner, fieldValue, hasField } from './bit-field.ts';
import { bits, hex, PAGE_SHIFT } from './bits.ts';
import type { Mmu } from './mmu.ts';
import type { PolicyReading } from './plugin.ts';
import {
  isAccessTrackSpte,
  isExecutablePte,
  isLastSpte,
  isMmuWritableSpte,
  isRemovedSpte,
  isShadowPresentPte,
  isWritablePte,
  spteToPfn,
} from './predicates.ts';
import { getRsvdBits } from './rsvd-bits.ts';

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
}

/** What a mapping or a table allows and points to. */
export interface DecodedMapping {
  readonly pfn: bigint;
  /** Host physical address in bytes. */
  readonly hpa: bigint;
  /** What the CPU allows now. */
  readonly access: DecodedAccess;
  /** Memory type of its own (`WB`), null where the entry has none. */
  readonly memtype: string | null;
  readonly hostWritable: boolean;
  readonly mmuWritable: boolean;
}

/** Permissions; `user` is null where the format does not tell users from supervisors. */
export interface DecodedAccess {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean | null;
}

/** A decoded entry. */
export interface DecodedSpte {
  readonly value: bigint;
  /** Level of the entry, 1..5; null when it is not known. */
  readonly level: number | null;
  readonly kind: SpteKind;
  readonly fields: readonly DecodedField[];
  /** For a leaf, a tracked leaf or a table. */
  readonly mapping: DecodedMapping | null;
  /** For an MMIO entry. */
  readonly mmio: PolicyReading | null;
}

/**
 * Says what an entry is. Never throws for a 64-bit word and a legal level.
 *
 * A level that is not known is taken for 1, unless bit 7 says that the entry maps a huge page.
 */
export function spteKind(mmu: Mmu, spte: bigint, level: number | null): SpteKind {
  if (isRemovedSpte(mmu, spte)) return 'frozen';
  if (isShadowPresentPte(mmu, spte)) {
    if (!isLeaf(mmu, spte, level)) return 'table';
    return mmu.masks.accTrack !== 0n && isAccessTrackSpte(mmu, spte) ? 'tracked' : 'leaf';
  }
  if (readByPolicy(mmu, spte) !== null) return 'mmio';
  return spte === 0n || spte === mmu.layout.empty ? 'empty' : 'unknown';
}

/**
 * Whether a present entry maps a page. Where the level is not known, an entry without bit 7 is a leaf if it has bits
 * that KVM sets in leaves only.
 */
function isLeaf({ masks, vendor: { format } }: Mmu, spte: bigint, level: number | null): boolean {
  if (level !== null) return isLastSpte(spte, level);
  const leafOnly = masks.hostWritable | masks.mmuWritable | format.dirty.mask | (format.memtype?.mask ?? 0n);
  return isLastSpte(spte, 2) || (spte & leafOnly) !== 0n;
}

function readByPolicy(mmu: Mmu, spte: bigint): PolicyReading | null {
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
  const present = kind === 'leaf' || kind === 'tracked' || kind === 'table';
  return {
    value: spte,
    level,
    kind,
    fields: decodeFields(mmu, spte, level, kind, mmio),
    mapping: present ? decodeMapping(mmu, spte) : null,
    mmio,
  };
}

function decodeMapping(mmu: Mmu, spte: bigint): DecodedMapping {
  const { format } = mmu.vendor;
  const pfn = spteToPfn(mmu, spte);
  return {
    pfn,
    hpa: pfn << PAGE_SHIFT,
    access: {
      read: (spte & format.permissions.read.mask) !== 0n,
      write: isWritablePte(spte),
      execute: isExecutablePte(mmu, spte),
      user: format.permissions.user === undefined ? null : (spte & format.permissions.user.mask) !== 0n,
    },
    memtype: format.memtype === undefined ? null : fieldText(format.memtype, spte),
    hostWritable: (spte & mmu.masks.hostWritable) !== 0n,
    mmuWritable: isMmuWritableSpte(mmu, spte),
  };
}

/** The fields that an entry of this kind has, in the order in which they claim their bits. */
function claims(mmu: Mmu, level: number | null, kind: SpteKind): readonly BitField[] {
  const { layout, masks, vendor } = mmu;
  const { format } = vendor;
  const present = layout.mmuPresent === null ? [] : [layout.mmuPresent];
  const software = [...present, layout.adType];
  if (kind === 'table') return [...software, ...format.table.filter((field) => hasField(field, level))];
  const writable = [
    layout.hostWritable.ept,
    layout.hostWritable.legacy,
    layout.mmuWritable.ept,
    layout.mmuWritable.legacy,
  ].filter(({ mask }) => mask === masks.hostWritable || mask === masks.mmuWritable);
  const saved = kind === 'tracked' ? layout.savedBits.fields : [];
  return [...software, ...writable, ...saved, ...format.leaf.filter((field) => hasField(field, level))];
}

/** Names every bit of the entry. */
function decodeFields(
  mmu: Mmu,
  spte: bigint,
  level: number | null,
  kind: SpteKind,
  mmio: PolicyReading | null,
): DecodedField[] {
  const fields: DecodedField[] = [];
  let left = ALL;
  const claim = (mask: bigint, make: (mask: bigint) => DecodedField): void => {
    const own = mask & left;
    left &= ~own;
    if (own !== 0n) fields.push(make(own));
  };

  if (mmio !== null) {
    for (const { name, mask, value, meaning } of mmio.fields) {
      claim(mask, (own) => ({ name, mask: own, value, owner: 'kvm', meaning, text: hex(value) }));
    }
  } else if (kind === 'frozen') {
    claim(ALL, (mask) =>
      whole('frozen', mask, spte, 'a CPU is changing this entry; the value is a constant'),
    );
  } else if (kind === 'empty') {
    claim(ALL, (mask) => whole('empty', mask, spte, 'maps nothing'));
  } else if (kind !== 'unknown') {
    const { masks, vendor } = mmu;
    const encryption = masks.meMask | masks.meValue;
    const { address } = vendor.format;
    claim(encryption, (mask) => encryptionField(mask, spte));
    for (const field of claims(mmu, level, kind)) {
      if (field !== address) claim(field.mask, () => decodeField(field, spte));
    }
    claim(addressMask(address, level, kind), (mask) => addressField(mask, spte, kind));
    const reserved = level === null ? 0n : getRsvdBits(mmu.zeroCheck, spte, level);
    for (const mask of runs(left & reserved)) claim(mask, () => restField('reserved', mask, spte));
  }
  for (const mask of runs(left)) claim(mask, () => restField('ignored', mask, spte));
  return fields.toSorted((a, b) => (a.mask < b.mask ? 1 : -1));
}

const ALL = bits(63, 0);

/** The address bits of an entry: a huge page's are fewer. */
function addressMask({ mask, low }: BitField, level: number | null, kind: SpteKind): bigint {
  if (kind === 'table' || level === null) return mask;
  return mask & ~bits(low - 1 + LEVEL_BITS * (level - 1), low);
}

const LEVEL_BITS = 9;

const whole = (name: string, mask: bigint, value: bigint, meaning: string): DecodedField => ({
  name,
  mask,
  value,
  owner: 'kvm',
  meaning,
  text: hex(value),
});

function decodeField(field: BitField, spte: bigint): DecodedField {
  const { name, mask, owner, meaning } = field;
  return { name, mask, value: fieldValue(spte, field), owner, meaning, text: fieldText(field, spte) };
}

/** A single bit reads yes or no; a value with a name reads its name. */
function fieldText(field: BitField, spte: bigint): string {
  const value = fieldValue(spte, field);
  if (field.high === field.low) return value === 0n ? 'no' : 'yes';
  return field.values?.[Number(value)] ?? hex(value);
}

function addressField(mask: bigint, spte: bigint, kind: SpteKind): DecodedField {
  const meaning = kind === 'table' ? 'physical address of the next table' : 'physical address of the page';
  return { name: 'address', mask, value: spte & mask, owner: 'hardware', meaning, text: hex(spte & mask) };
}

function encryptionField(mask: bigint, spte: bigint): DecodedField {
  const value = spte & mask;
  const meaning = 'memory encryption: the C-bit of SME, the key id of MKTME';
  return { name: 'encryption', mask, value, owner: 'hardware', meaning, text: hex(value) };
}

function restField(name: 'reserved' | 'ignored', mask: bigint, spte: bigint): DecodedField {
  const meaning =
    name === 'reserved' ? 'must be 0 at this level on this machine' : 'without a meaning in this entry';
  const low = mask & -mask;
  const value = (spte & mask) / low;
  return { name, mask, value, owner: name === 'reserved' ? 'hardware' : 'none', meaning, text: hex(value) };
}

/** The runs of adjacent bits in a mask. */
function runs(mask: bigint): bigint[] {
  const found: bigint[] = [];
  for (let rest = mask; rest !== 0n; ) {
    const low = rest & -rest;
    // Adding the lowest bit carries through its run and clears it.
    const run = rest & ~(rest + low);
    found.push(run);
    rest &= ~run;
  }
  return found;
}
