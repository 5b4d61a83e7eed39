// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, hasField } from '../bits/bit-field.ts';
import { bits, LEVEL_BITS, runsOf, U64_MAX } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { getRsvdBits } from '../cpu/rsvd-bits.ts';
import { accessBits } from '../kernel/role.ts';
import type { Mmu, PluginKind, PolicyField, PolicyReading, SoftwarePlace } from '../mmu/contract.ts';
import { checkCore } from '../mmu/core-copy.ts';
import type { ByKind, SpteKind } from '../mmu/entry-kind.ts';
import { softwareBits } from '../mmu/extensions.ts';
import { isLargePte, isLastSpte, maxGfnOf } from '../rules/predicates.ts';
import { type Because, because } from './because.ts';
import { type Field, type Place, placeOf, YES_NO } from './decoded-field.ts';
import type { Entry } from './entry.ts';
import { type Tests, testsOf } from './evidence.ts';
import { isPresentKind, tableBits } from './spte-kind.ts';
import { pluginKind, pluginKinds } from './takers.ts';

/** What all entries of one kind, level and page size have in common. */
export interface Shape {
  /** Every bit of the entry, each in one place, highest first. */
  readonly places: readonly Place[];
  /** The bits to which nobody gives a meaning. */
  readonly unowned: bigint;
  /** The bits that must be 0, by the zero check; 0 where the level is not known, and for what is not present. */
  readonly rsvdBits: bigint;
  /** The bits with a meaning to the CPU that this kernel never sets here. */
  readonly neverSet: bigint;
  /** The bits that KVM sets in every such entry: in tables. */
  readonly always: bigint;
  /** The bits that say "present" in every such entry of those that are. */
  readonly present: bigint;
  /** The bits of memory-encryption keys that KVM does not use. */
  readonly otherKeys: bigint;
  /** The last gfn that there can be. */
  readonly maxGfn: bigint;
  /** The tests that decide what such an entry is. */
  readonly tests: Tests;
  /** The fields by which a policy recognises such an entry. */
  readonly byPolicy: readonly PolicyField[];
  /** For each place, which of those has its bits: the first that claims all of them; {@link NOWHERE} for none. */
  readonly fieldAt: readonly number[];
}

/** The place of anything that is not among the fields, as `findIndex()` says it. */
export const NOWHERE = -1;

/** A field that claims bits of an entry, in the order of the claims: what one has claimed the next cannot. */
type Claim = Omit<Field, 'because'> & { readonly rule: string };

/** Where a kind, with level and page size, stands among the shapes of an MMU. */
const KIND_INDEX: ByKind<number> = {
  leaf: 0,
  tracked: 12,
  table: 24,
  mmio: 36,
  frozen: 48,
  empty: 60,
  unknown: 72,
};

/** Shapes of one kind: levels 0 (not known) to 5, each with bit 7 clear and set. */
const SHAPES_OF_KIND = 12;

/** Where shapes of a kind stand: those of plugins after core's. */
function indexOfKind(mmu: Mmu, kind: SpteKind): number {
  const own = (): number => 1 + pluginKinds(mmu).findIndex(({ name }) => name === kind);
  return KIND_INDEX[kind] ?? KIND_INDEX.unknown + SHAPES_OF_KIND * own();
}

/**
 * The shape of an entry. An MMU of `createMmu()` remembers those that were asked for; a copy of one finds each anew, for
 * its masks may differ.
 */
export function shapeOf(entry: Entry): Shape {
  const { mmu, spte, level, kind, reading } = entry;
  checkCore(mmu);
  const shapes = mmu.shapes as (Shape | undefined)[] | undefined;
  if (shapes === undefined) return findShape(entry);
  const index = indexOfKind(mmu, kind) + 2 * (level ?? 0) + Number(isLargePte(spte));
  const known = shapes[index];
  if (known !== undefined && (reading === null || isSameClaim(known.byPolicy, reading.fields))) return known;
  const shape = findShape(entry);
  shapes[index] = shape;
  return shape;
}

/** Whether a policy recognised both by the same fields. */
function isSameClaim(a: readonly PolicyField[], b: readonly PolicyField[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, mask, meaning }, i) => {
      const other = b[i] as PolicyField;
      return name === other.name && mask === other.mask && meaning === other.meaning;
    })
  );
}

function findShape(entry: Entry): Shape {
  const { mmu, spte, level, kind, reading } = entry;
  const { masks } = mmu;
  // Only what is present is checked: MMIO entries have reserved bits on purpose.
  const rsvdBits = level === null || !isPresentKind(kind) ? 0n : getRsvdBits(mmu.zeroCheck, spte, level);
  const fields = findFields(entry, rsvdBits);
  const byPolicy = reading?.fields ?? [];
  return {
    places: fields.map(placeOf),
    unowned: maskOf(fields.filter(({ owner }) => owner === 'none')),
    rsvdBits,
    neverSet: maskOf(hardwareFields(mmu, level, kind)) & ~usedBits(mmu, level),
    always: kind === 'table' ? tableBits(mmu) & ~softwareBits(mmu, 'table', 'always') : 0n,
    present: masks.present & ~(kind === 'tracked' ? masks.accTrack : 0n),
    otherKeys: masks.meMask & ~masks.meValue,
    maxGfn: maxGfnOf(mmu),
    tests: testsOf(mmu, level),
    byPolicy,
    fieldAt: fields.map((field) => byPolicy.findIndex(({ mask }) => (mask & field.mask) === field.mask)),
  };
}

const maskOf = (fields: readonly { readonly mask: bigint }[]): bigint =>
  fields.reduce((sum, { mask }) => sum | mask, 0n);

/** The bits with a meaning to the CPU that this kernel sets at this level, but for the address. */
function usedBits({ masks, kernel }: Mmu, level: number | null): bigint {
  const read = accessBits(kernel).read === 0 ? 0n : PT.present.mask;
  const permissions = masks.present | read | PT.writable.mask | masks.user | masks.x | masks.xu | masks.nx;
  const pageSize = level === 1 ? 0n : PT.pageSize.mask;
  const software = masks.hostWritable | masks.mmuWritable;
  return permissions | pageSize | masks.accessed | masks.dirty | masks.memtype | masks.accTrack | software;
}

/** Every bit of an entry, each in one field, highest first. */
function findFields(entry: Entry, rsvdBits: bigint): readonly Field[] {
  const { mmu } = entry;
  let left = U64_MAX;
  const fields: Field[] = [];
  for (const { rule, mask, ...claim } of claims(entry)) {
    const own = mask & left;
    left &= ~own;
    if (own !== 0n) fields.push({ ...claim, mask: own, because: because(mmu, rule, own) });
  }
  for (const mask of [...runsOf(left & rsvdBits), ...runsOf(left & ~rsvdBits)]) {
    fields.push(rest(mask, (mask & rsvdBits) !== 0n, because(mmu, 'get_rsvd_bits', mask)));
  }
  return fields.toSorted((a, b) => (a.mask < b.mask ? 1 : -1));
}

function claims({ mmu, spte, level, kind, reading }: Entry): Claim[] {
  switch (kind) {
    case 'leaf':
    case 'tracked':
    case 'table':
      return presentClaims(mmu, spte, level, kind);
    case 'mmio':
      // It is MMIO because a policy read it.
      return [
        ...(reading as PolicyReading).fields.map(({ name, mask, meaning }) => ({
          ...whole(name, meaning, 'is_mmio_spte'),
          mask,
        })),
        ...softwareClaims(mmu, 'nonpresent'),
      ];
    case 'frozen':
      return [whole('frozen', 'a CPU is changing the entry; the value is a constant', 'is_removed_spte')];
    case 'empty':
      return [...softwareClaims(mmu, 'nonpresent'), whole('empty', 'maps nothing', 'is_shadow_present_pte')];
    case 'unknown':
      return hardwareClaims(mmu, spte, level, kind);
    default:
      return ownClaims(kind, pluginKind(mmu, kind));
  }
}

/** What a plugin keeps in an entry of its own kind: its mark, and fields. */
function ownClaims(kind: SpteKind, { label, mask, fields }: PluginKind): Claim[] {
  const mark = whole(kind, label, kind);
  if (fields === undefined) return [mark];
  return [...fields.map((field) => fromField(field, kind)), { ...mark, mask }];
}

/** The bits that plugins keep in entries of a place. */
function softwareClaims({ extensions }: Mmu, place: SoftwarePlace): Claim[] {
  return extensions.flatMap(({ name, software }) =>
    software.filter((own) => own.in.includes(place)).map(({ field }) => fromField(field, `plugin ${name}`)),
  );
}

/** A field of KVM's that reads all bits where they are. */
const whole = (name: string, meaning: string, rule: string): Claim => ({
  name,
  mask: U64_MAX,
  owner: 'kvm',
  meaning,
  clear: null,
  why: null,
  shift: 0n,
  values: undefined,
  rule,
});

const fromField = (field: BitField, rule: string): Claim => ({
  name: field.name,
  mask: field.mask,
  owner: field.owner,
  meaning: field.meaning,
  clear: field.clear ?? null,
  why: field.why ?? null,
  shift: field.shift,
  values: field.high === field.low ? YES_NO : field.values,
  rule,
});

/** What the CPU reads in an entry, whoever wrote it: above level 1, without bit 7, a table. */
function hardwareClaims(mmu: Mmu, spte: bigint, level: number | null, kind: SpteKind): Claim[] {
  const { format } = mmu.vendor;
  const rule = `${format.name} format`;
  const read = level === null || isLastSpte(spte, level) ? kind : 'table';
  return [
    ...hardwareFields(mmu, level, read).map((field) => fromField(field, rule)),
    address(format.address, level, read, rule),
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
    ...softwareClaims(mmu, kind === 'table' ? 'table' : 'leaf'),
    ...hardwareClaims(mmu, spte, level ?? (small ? 1 : null), kind),
  ];
}

/** Host- and MMU-writable at the places that the registry chose. */
function writableFields({ layout, masks }: Mmu): BitField[] {
  const { hostWritable, mmuWritable } = layout;
  const places = [hostWritable.ept, hostWritable.legacy, mmuWritable.ept, mmuWritable.legacy];
  return places.filter(({ mask }) => mask === masks.hostWritable || mask === masks.mmuWritable);
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
  const meaning = `physical address of the ${kind === 'table' ? 'next table' : 'page'}`;
  const mask = field.mask & ~bits(field.low - 1 + inPage, field.low);
  return { ...whole('address', meaning, rule), mask, owner: 'hardware' };
}

const encryption = (mask: bigint, rule: string): Claim => ({
  ...whole('encryption', 'memory encryption: the C-bit of SME, the key id of MKTME', rule),
  mask,
  owner: 'hardware',
  why: 'SME: set in tables and in RAM, not in devices; MKTME: key 0, all clear',
});

const rest = (mask: bigint, reserved: boolean, source: Because): Field => ({
  name: reserved ? 'reserved' : 'ignored',
  mask,
  owner: reserved ? 'hardware' : 'none',
  meaning: reserved ? 'must be 0 at this level on this machine' : 'without a meaning in this entry',
  clear: null,
  why: null,
  shift: shiftOf(mask),
  values: undefined,
  because: source,
});

/** The number of the lowest bit of a mask. */
const shiftOf = (mask: bigint): bigint => BigInt((mask & -mask).toString(2).length - 1);
