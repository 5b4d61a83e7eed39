// SPDX-License-Identifier: GPL-2.0-only

import { type BitField, type FieldOwner, fieldValue, hasField } from '../bits/bit-field.ts';
import { bits, hex, LEVEL_BITS } from '../bits/bits.ts';
import { getRsvdBits } from '../cpu/rsvd-bits.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import { isLargePte } from '../rules/predicates.ts';
import { type Because, because } from './because.ts';
import { isPresentKind, readByPolicy, type SpteKind } from './spte-kind.ts';

const ALL = bits(63, 0);

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

/** What a field says. */
type Read = Pick<DecodedField, 'value' | 'text'>;

/** A field that claims bits of an entry, in the order of the claims: what one has claimed the next cannot. */
interface Claim extends Pick<DecodedField, 'name' | 'mask' | 'owner' | 'meaning' | 'why'> {
  readonly rule: string;
  /** Reads the field from the bits of the entry that it got. */
  readonly read: (own: bigint) => Read;
}

/** A field at the bits that it got. */
type Place = Omit<DecodedField, keyof Read> & Pick<Claim, 'read'>;

/**
 * Names every bit of an entry, highest first.
 *
 * @param kind what the entry is
 */
export function decodeFields(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): DecodedField[] {
  const { places } = fieldsOf(mmu, spte, level, kind);
  return places.map(({ name, mask, owner, meaning, why, because, read }) => {
    const { value, text } = read(spte & mask);
    return { name, mask, value, text, owner, meaning, why, because };
  });
}

/** The bits of an entry to which nobody gives a meaning, set or not. */
export function unownedBits(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): bigint {
  return fieldsOf(mmu, spte, level, kind).unowned;
}

/** The fields of an entry. */
interface Fields {
  readonly places: readonly Place[];
  /** The bits without a meaning. */
  readonly unowned: bigint;
}

/** Fields that were found, with what they depend on beside kind, level and page size. */
interface Known extends Pick<Mmu, 'layout' | 'setBy' | 'vendor' | 'zeroCheck'> {
  /** By kind; then by level and page size. */
  readonly fields: Partial<Record<SpteKind, (Fields | undefined)[]>>;
}

/** By masks, which all copies of an MMU share. */
const known = new WeakMap<Mmu['masks'], Known>();

function knownOf({ masks, layout, setBy, vendor, zeroCheck }: Mmu): Known {
  const found = known.get(masks);
  const same =
    found?.layout === layout &&
    found.setBy === setBy &&
    found.vendor === vendor &&
    found.zeroCheck === zeroCheck;
  if (same) return found;
  const fresh = { layout, setBy, vendor, zeroCheck, fields: {} };
  known.set(masks, fresh);
  return fresh;
}

/** The fields of an entry: the same for all of its kind, level and page size, but where a policy names them. */
function fieldsOf(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Fields {
  if (kind === 'mmio') return findFields(mmu, spte, level, kind);
  const { fields } = knownOf(mmu);
  fields[kind] ??= [];
  const row = fields[kind];
  const index = 2 * (level ?? 0) + Number(isLargePte(spte));
  row[index] ??= findFields(mmu, spte, level, kind);
  return row[index];
}

function findFields(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Fields {
  const places = findPlaces(mmu, spte, level, kind);
  const unowned = places.reduce((sum, { owner, mask }) => (owner === 'none' ? sum | mask : sum), 0n);
  return { places, unowned };
}

function findPlaces(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): readonly Place[] {
  let left = ALL;
  const places: Place[] = [];
  for (const { rule, mask, name, owner, meaning, why, read } of claims(mmu, spte, level, kind)) {
    const own = mask & left;
    left &= ~own;
    if (own !== 0n) {
      places.push({ name, mask: own, owner, meaning, why, because: because(mmu, rule, own), read });
    }
  }
  const reserved = level === null || !isPresentKind(kind) ? 0n : getRsvdBits(mmu.zeroCheck, spte, level);
  for (const mask of [...runs(left & reserved), ...runs(left & ~reserved)]) {
    places.push(rest(mask, (mask & reserved) !== 0n, because(mmu, 'get_rsvd_bits', mask)));
  }
  return places.toSorted((a, b) => (a.mask < b.mask ? 1 : -1));
}

function claims(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Claim[] {
  switch (kind) {
    case 'leaf':
    case 'tracked':
    case 'table':
      return presentClaims(mmu, spte, level, kind);
    case 'mmio':
      // An entry is MMIO because a policy read it.
      return (readByPolicy(mmu, spte) as PolicyReading).fields.map(({ name, mask, value, meaning }) => ({
        name,
        mask,
        owner: 'kvm',
        meaning,
        why: null,
        rule: 'is_mmio_spte',
        read: () => inPlace(value),
      }));
    case 'frozen':
      return [constant('frozen', 'a CPU is changing the entry; the value is a constant', 'is_removed_spte')];
    case 'empty':
      return [constant('empty', 'maps nothing', 'is_shadow_present_pte')];
    case 'unknown':
      return hardwareClaims(mmu, level, kind);
  }
}

const inPlace = (value: bigint): Read => ({ value, text: hex(value) });

const constant = (name: string, meaning: string, rule: string): Claim => ({
  name,
  mask: ALL,
  owner: 'kvm',
  meaning,
  why: null,
  rule,
  read: inPlace,
});

const fromField = (field: BitField, rule: string): Claim => ({
  name: field.name,
  mask: field.mask,
  owner: field.owner,
  meaning: field.meaning,
  why: field.why ?? null,
  rule,
  read: (own) => ({ value: own >> field.shift, text: fieldText(field, own) }),
});

/** What the CPU reads in an entry, whoever wrote it. */
function hardwareClaims(mmu: Mmu, level: number | null, kind: SpteKind): Claim[] {
  const { format } = mmu.vendor;
  const rule = `${format.name} format`;
  return [
    ...hardwareFields(mmu, level, kind).map((field) => fromField(field, rule)),
    address(format.address, level, kind, rule),
  ];
}

/** Software bits and encryption come before the hardware's fields: they stand where the CPU looks at nothing. */
function presentClaims(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Claim[] {
  const { layout, masks, setBy } = mmu;
  const software: BitField[] =
    layout.mmuPresent === null ? [layout.adType] : [layout.mmuPresent, layout.adType];
  if (kind === 'tracked') software.push(...layout.savedBits.fields);
  const writable = kind === 'table' ? [] : writableFields(mmu);
  // A leaf without bit 7 is at level 1, whoever forgot to say so.
  const small = kind !== 'table' && !isLargePte(spte);
  return [
    encryption(masks.meMask | masks.meValue, setBy.meMask),
    ...software.map((field) => fromField(field, `layout since ${layout.since}`)),
    ...writable.map((field) => fromField(field, setBy.hostWritable)),
    ...hardwareClaims(mmu, level ?? (small ? 1 : null), kind),
  ];
}

/** Host- and MMU-writable at the places that the registry chose. */
function writableFields({ layout, masks }: Mmu): BitField[] {
  const { hostWritable, mmuWritable } = layout;
  const places = [hostWritable.ept, hostWritable.legacy, mmuWritable.ept, mmuWritable.legacy];
  return places.filter(({ mask }) => mask === masks.hostWritable || mask === masks.mmuWritable);
}

/** The value of a field in words: a bit is yes or no, a value with a name is that name. */
export function fieldText(field: BitField, spte: bigint): string {
  const value = fieldValue(spte, field);
  if (field.high === field.low) return value === 0n ? 'no' : 'yes';
  return field.values?.[Number(value)] ?? hex(value);
}

/** The hardware's fields of an entry of this kind at this level, without the address. */
export function hardwareFields(
  { vendor: { format } }: Mmu,
  level: number | null,
  kind: SpteKind,
): BitField[] {
  return (kind === 'table' ? format.table : format.leaf).filter(
    (field) => field !== format.address && hasField(field, level),
  );
}

function address(field: BitField, level: number | null, kind: SpteKind, rule: string): Claim {
  const inPage = kind === 'table' || level === null ? 0 : LEVEL_BITS * (level - 1);
  return {
    name: 'address',
    mask: field.mask & ~bits(field.low - 1 + inPage, field.low),
    owner: 'hardware',
    meaning: kind === 'table' ? 'physical address of the next table' : 'physical address of the page',
    why: null,
    rule,
    read: inPlace,
  };
}

const encryption = (mask: bigint, rule: string): Claim => ({
  name: 'encryption',
  mask,
  owner: 'hardware',
  meaning: 'memory encryption: the C-bit of SME, the key id of MKTME',
  why: 'SME: set in tables and in RAM, not in devices; MKTME: key 0, all clear',
  rule,
  read: inPlace,
});

function rest(mask: bigint, reserved: boolean, source: Because): Place {
  const unit = mask & -mask;
  return {
    name: reserved ? 'reserved' : 'ignored',
    mask,
    owner: reserved ? 'hardware' : 'none',
    meaning: reserved ? 'must be 0 at this level on this machine' : 'without a meaning in this entry',
    why: null,
    because: source,
    read: (own) => inPlace(own / unit),
  };
}

/** The runs of adjacent bits in a mask. */
function runs(mask: bigint): bigint[] {
  const found: bigint[] = [];
  for (let left = mask; left !== 0n; ) {
    const low = left & -left;
    // Adding the lowest bit carries through its run and clears it.
    const run = left & ~(left + low);
    found.push(run);
    left &= ~run;
  }
  return found;
}
