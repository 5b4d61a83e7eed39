// SPDX-License-Identifier: GPL-2.0-only
import { type Because, because } from './because.ts';
import { type BitField, fieldValue, hasField } from './bit-field.ts';
import { bits, hex } from './bits.ts';
import type { DecodedField, SpteKind } from './decode-spte.ts';
import type { Mmu } from './mmu.ts';
import type { PolicyReading } from './plugin.ts';
import { getRsvdBits } from './rsvd-bits.ts';

const ALL = bits(63, 0);
const LEVEL_BITS = 9;

/** A field that claims bits of an entry, in the order of the claims: what one has claimed the next cannot. */
type Claim = Omit<DecodedField, 'mask' | 'because'> & { readonly mask: bigint; readonly rule: string };

/**
 * Names every bit of an entry, highest first.
 *
 * @param kind what the entry is
 * @param mmio what a policy reads in it, if it is that policy's
 */
export function decodeFields(
  mmu: Mmu,
  spte: bigint,
  level: number | null,
  kind: SpteKind,
  mmio: PolicyReading | null,
): DecodedField[] {
  let left = ALL;
  const fields: DecodedField[] = [];
  for (const { rule, mask, ...claim } of claims(mmu, spte, level, kind, mmio)) {
    const own = mask & left;
    left &= ~own;
    if (own !== 0n) fields.push({ ...claim, mask: own, because: because(mmu, rule, own) });
  }
  const reserved = level === null || kind === 'unknown' ? 0n : getRsvdBits(mmu.zeroCheck, spte, level);
  for (const mask of [...runs(left & reserved), ...runs(left & ~reserved)]) {
    fields.push(rest(spte, mask, (mask & reserved) !== 0n, because(mmu, 'get_rsvd_bits', mask)));
  }
  return fields.toSorted((a, b) => (a.mask < b.mask ? 1 : -1));
}

function claims(
  mmu: Mmu,
  spte: bigint,
  level: number | null,
  kind: SpteKind,
  mmio: PolicyReading | null,
): Claim[] {
  switch (kind) {
    case 'leaf':
    case 'tracked':
    case 'table':
      return presentClaims(mmu, spte, level, kind);
    case 'mmio':
      return (mmio?.fields ?? []).map((field) => ({
        ...field,
        owner: 'kvm',
        text: hex(field.value),
        why: null,
        rule: 'is_mmio_spte',
      }));
    case 'frozen':
      return [
        constant('frozen', spte, 'a CPU is changing the entry; the value is a constant', 'is_removed_spte'),
      ];
    case 'empty':
      return [constant('empty', spte, 'maps nothing', 'is_shadow_present_pte')];
    case 'unknown':
      return hardwareClaims(mmu, spte, level, kind);
  }
}

const constant = (name: string, value: bigint, meaning: string, rule: string): Claim => ({
  name,
  mask: ALL,
  value,
  owner: 'kvm',
  meaning,
  text: hex(value),
  why: null,
  rule,
});

const fromField = (field: BitField, spte: bigint, rule: string): Claim => ({
  name: field.name,
  mask: field.mask,
  value: fieldValue(spte, field),
  owner: field.owner,
  meaning: field.meaning,
  text: fieldText(field, spte),
  why: field.why ?? null,
  rule,
});

/** What the CPU reads in an entry, whoever wrote it. */
function hardwareClaims(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Claim[] {
  const { format } = mmu.vendor;
  const rule = `${format.name} format`;
  return [
    ...hardwareFields(mmu, level, kind).map((field) => fromField(field, spte, rule)),
    address(spte, format.address, level, kind, rule),
  ];
}

/** Software bits and encryption come before the hardware's fields: they stand where the CPU looks at nothing. */
function presentClaims(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Claim[] {
  const { layout, masks, setBy } = mmu;
  const software: BitField[] =
    layout.mmuPresent === null ? [layout.adType] : [layout.mmuPresent, layout.adType];
  if (kind === 'tracked') software.push(...layout.savedBits.fields);
  const writable = kind === 'table' ? [] : writableFields(mmu);
  return [
    encryption(spte, masks.meMask | masks.meValue, setBy.meMask),
    ...software.map((field) => fromField(field, spte, `layout since ${layout.since}`)),
    ...writable.map((field) => fromField(field, spte, setBy.hostWritable)),
    ...hardwareClaims(mmu, spte, level, kind),
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

function address(spte: bigint, field: BitField, level: number | null, kind: SpteKind, rule: string): Claim {
  const inPage = kind === 'table' || level === null ? 0 : LEVEL_BITS * (level - 1);
  const mask = field.mask & ~bits(field.low - 1 + inPage, field.low);
  return {
    name: 'address',
    mask,
    value: spte & mask,
    owner: 'hardware',
    meaning: kind === 'table' ? 'physical address of the next table' : 'physical address of the page',
    text: hex(spte & mask),
    why: null,
    rule,
  };
}

const encryption = (spte: bigint, mask: bigint, rule: string): Claim => ({
  name: 'encryption',
  mask,
  value: spte & mask,
  owner: 'hardware',
  meaning: 'memory encryption: the C-bit of SME, the key id of MKTME',
  text: hex(spte & mask),
  why: 'SME: set in tables and in RAM, not in devices; MKTME: key 0, all clear',
  rule,
});

function rest(spte: bigint, mask: bigint, reserved: boolean, source: Because): DecodedField {
  const value = (spte & mask) / (mask & -mask);
  return {
    name: reserved ? 'reserved' : 'ignored',
    mask,
    value,
    owner: reserved ? 'hardware' : 'none',
    meaning: reserved ? 'must be 0 at this level on this machine' : 'without a meaning in this entry',
    text: hex(value),
    why: null,
    because: source,
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
