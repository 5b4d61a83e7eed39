// SPDX-License-Identifier: GPL-2.0-only
import type { BitField } from '../bits/bit-field.ts';
import { ADDRESS, bitNumbers, hex, LEVELS, U64_MAX } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import { checkCore } from '../mmu/core-copy.ts';
import type { CoreKind } from '../mmu/entry-kind.ts';
import { softwareBits } from '../mmu/extensions.ts';
import type { Masks } from '../mmu/masks.ts';
import { coreEntry, entryAt } from '../read/entry.ts';
import { hardwareFields, shapeOf } from '../read/shape.ts';
import { tableBits } from '../read/spte-kind.ts';
import { pluginKinds } from '../read/takers.ts';
import { undeclared } from '../rules/frame-dependence.ts';
import { isMmioSpte, isShadowPresentPte, loneMmioMarker, maxGfnOf } from '../rules/predicates.ts';

/** Something that must be slow because what it depends on is not known. */
export interface Fallback {
  /** What is slow: `judge`, `annotate`, `walk`, or the name of a rule. */
  readonly what: string;
  /** Why: the hook of a plugin, or the limit, that stands in the way. */
  readonly why: string;
}

/**
 * A question about address bits whose answer a rule may depend on: whether `any` of them is set, or `all` are. Its bits
 * are within 51:12, at least one.
 */
export interface AddressTest {
  readonly test: 'any' | 'all';
  readonly mask: bigint;
}

/**
 * What decides in the address of an entry, beside the 24 bits outside it and whether it is 0, what the entry is
 * (`spteKind()`), what its mapping or its MMIO access says (`decodeSpte()`), and which findings it has (`judgeSpte()`).
 * Two entries at a level that agree in all of that differ in their frame alone: one answer serves both. The bits that a
 * finding names are finer: see {@link significantBits}.
 *
 * ```
 *  63      52 51                                   12 11       0
 *  ├─────────┼───────────────────────────────────────┼─────────┤
 *  │ any bit │ 0 or not; the answers to these tests  │ any bit │
 *  └─────────┴───────────────────────────────────────┴─────────┘
 *   the same   MAXPHYADDR ─┐ ┌─ key id, C-bit           the same
 *   key          reserved ─┴─┴─ MMIO, L1TF guard        key
 * ```
 *
 * Each list but the first is of tests that are asked of some entries only. To ask all lists of all entries is right, too:
 * it tells more entries apart.
 */
export interface AddressDependence {
  /** Of every entry: what tells the kinds apart, encryption, fields that KVM placed in the address. */
  readonly always: readonly AddressTest[];
  /** Of entries with bit 7 clear: their reserved bits, the CPU's fields in tables, bits without a meaning. */
  readonly bit7Clear: readonly AddressTest[];
  /** Of entries with bit 7 set: the same of huge pages, with the bits of an address within the page. */
  readonly bit7Set: readonly AddressTest[];
  /** Of MMIO entries: the L1TF guard, gfns beyond the last, bits that no field claims. The gfn is not in it. */
  readonly mmio: readonly AddressTest[];
  /** Why a rule may look at any bit; null where the lists are all. */
  readonly unknown: string | null;
}

/** Masks that no rule compares with an entry at this place, or that have tests of their own below. */
const TESTED_OTHERWISE: readonly (keyof Masks)[] = [
  'baseAddr',
  'lowerGfn',
  'mmioMask',
  'mmioValue',
  'vmMmioValue',
  'meMask',
  'meValue',
  'nonpresentOrRsvd',
];

/**
 * Says which address bits a rule may look at, for an entry at a level.
 *
 * From the registry, the zero check, the CPU's format, the layout and the declarations of plugins. A fast path over many
 * entries must key its answers by this, and by nothing that it knows better.
 *
 * @param level level of the entry, 1..5; null for an entry whose level is not known, of which all levels are asked
 *
 * @example
 * ```ts
 * import { addressDependence, createMmu, hex } from '@spte/core';
 * import { l1tf } from '@spte/l1tf';
 * import { mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ host: { physBits: 46 }, vendor: vmx(), policies: [l1tf, mmio()] });
 * const { always, bit7Clear } = addressDependence(mmu, 1);
 * always.length; // 0
 * bit7Clear.map(({ test, mask }) => `${test} ${hex(mask)}`); // [ 'any 0xfc00000000000' ]
 * ```
 */
export function addressDependence(mmu: Mmu, level: number | null): AddressDependence {
  checkCore(mmu);
  const { always, bit7Clear, bit7Set } = presentDependence(mmu, level);
  const unknown = unknownReading(mmu);
  return { always, bit7Clear, bit7Set, mmio: unknown === null ? distinct(ofMmio(mmu)) : [], unknown };
}

/** The same without what is asked of MMIO entries. */
function presentDependence(
  mmu: Mmu,
  level: number | null,
): Pick<AddressDependence, 'always' | 'bit7Clear' | 'bit7Set'> {
  const levels = level === null ? LEVELS : [level];
  return {
    always: distinct(ofEveryEntry(mmu)),
    bit7Clear: distinct(levels.flatMap((at) => ofPresent(mmu, at, false))),
    bit7Set: distinct(levels.flatMap((at) => ofPresent(mmu, at, true))),
  };
}

/** The address bits that count, one by one, in entries with bit 7 clear and with it set. */
export interface SignificantBits {
  readonly bit7Clear: bigint;
  readonly bit7Set: bigint;
}

/**
 * The address bits of an entry that count: present entries at a level that differ in no other bit of 51:12 are of one
 * kind and have the same findings, with the same bits. What is wrong with an entry may be said after a look at it with
 * bit 7 the other way round; then both masks count. All of 51:12 where a rule may look at any bit.
 *
 * MMIO entries are not meant: their address is a gfn.
 */
export function significantBits(mmu: Mmu, level: number | null): SignificantBits {
  checkCore(mmu);
  if (unknownReading(mmu) !== null) return { bit7Clear: ADDRESS, bit7Set: ADDRESS };
  const { always, bit7Clear, bit7Set } = presentDependence(mmu, level);
  const union = (tests: readonly AddressTest[]): bigint => tests.reduce((sum, { mask }) => sum | mask, 0n);
  return { bit7Clear: union([...always, ...bit7Clear]), bit7Set: union([...always, ...bit7Set]) };
}

/**
 * The MMIO entry of which every other one has the bits; null where KVM caches no MMIO, or could not tell it from a
 * present entry.
 */
export function leastMmioSpte(mmu: Mmu): bigint | null {
  const least = loneMmioMarker(mmu.layout)?.mask ?? mmu.masks.vmMmioValue;
  return isMmioSpte(mmu, least) && !isShadowPresentPte(mmu, least) ? least : null;
}

const any = (mask: bigint): AddressTest => ({ test: 'any', mask });
const all = (mask: bigint): AddressTest => ({ test: 'all', mask });

/** Each bit of the address counts on its own. */
const each = (mask: bigint): AddressTest[] => bitNumbers(mask & ADDRESS).map((n) => any(1n << BigInt(n)));

const unite = (fields: readonly (Pick<BitField, 'mask'> | null | undefined)[]): bigint =>
  fields.reduce((sum, field) => sum | (field?.mask ?? 0n), 0n);

function ofEveryEntry(mmu: Mmu): AddressTest[] {
  const { masks, layout, zeroCheck, vendor, policies, extensions } = mmu;
  const { mmioMask, vmMmioValue, meMask, meValue } = masks;
  const { permissions, accessed, dirty, memtype, ignorePat } = vendor.format;
  const named = Object.entries(masks).filter(
    (entry): entry is [string, bigint] =>
      typeof entry[1] === 'bigint' && !TESTED_OTHERWISE.includes(entry[0] as keyof Masks),
  );
  const declared = [
    ...policies.map(({ dependsOn }) => dependsOn?.read?.address ?? 0n),
    ...extensions.map(({ hooks: { dependsOn } }) => dependsOn?.judge?.address ?? 0n),
  ];
  return [
    ...ofExtensions(mmu),
    any(mmioMask & ~vmMmioValue),
    all(mmioMask & vmMmioValue),
    any(meMask & ~meValue),
    any(meMask | meValue),
    all(tableBits(mmu)),
    ...each(named.reduce((sum, [, mask]) => sum | mask, zeroCheck.xu)),
    ...each(unite([...Object.values(permissions), accessed, dirty, memtype, ignorePat])),
    ...each(unite([layout.mmuPresent, layout.adType, layout.mmioMarker, ...layout.savedBits.fields])),
    ...each(declared.reduce((sum, bits) => sum | bits, 0n)),
  ];
}

/** What plugins keep in the address, and the questions of bits by which they tell kinds and findings. */
function ofExtensions(mmu: Mmu): AddressTest[] {
  const questions = mmu.extensions.flatMap(({ kinds, findings }) => [
    ...kinds,
    ...findings.flatMap(({ where }) => where ?? []),
  ]);
  const nonpresent = softwareBits(mmu, 'nonpresent');
  return [
    ...questions.flatMap(({ mask, value }) => [any(mask & ~value), all(mask & value)]),
    ...pluginKinds(mmu).map((kind) => any(~unite([kind, ...(kind.fields ?? [])]))),
    ...(nonpresent === 0n ? [] : [any(~nonpresent)]),
  ];
}

/** What present entries at a level, with their bit 7, are asked about. */
function ofPresent(mmu: Mmu, level: number, large: boolean): AddressTest[] {
  const { bit7Clear, bit7Set } = mmu.zeroCheck;
  const kinds: readonly CoreKind[] = level === 1 || large ? ['leaf', 'tracked'] : ['table'];
  const bit7 = large ? PT.pageSize.mask : 0n;
  return [
    any((large ? bit7Set : bit7Clear)[level - 1] as bigint),
    ...kinds.flatMap((kind) => [
      any(shapeOf(coreEntry(mmu, bit7, level, kind)).unowned),
      ...each(unite(hardwareFields(mmu, level, kind))),
    ]),
  ];
}

/** What MMIO entries are asked about, where a policy reads them as it declares. */
function ofMmio(mmu: Mmu): AddressTest[] {
  const least = leastMmioSpte(mmu);
  const reading = least === null ? null : entryAt(mmu, least, null).reading;
  if (least === null || reading === null) return [];
  const claimed = reading.fields.reduce((sum, { mask }) => sum | mask, 0n);
  const max = maxGfnOf(mmu);
  const tooHigh = bitNumbers(U64_MAX)
    .map((n) => 1n << BigInt(n))
    .filter((bit) => (entryAt(mmu, least | bit, null).reading?.gfn ?? 0n) > max)
    .reduce((sum, bit) => sum | bit, 0n);
  return [all(mmu.masks.nonpresentOrRsvd), any(~claimed), any(tooHigh)];
}

/** Why the policies may read anything in any bit; null where one at most reads entries, and declares how. */
function unknownReading(mmu: Mmu): string | null {
  for (const { name, hooks } of mmu.extensions) {
    const { judge, guess, dependsOn } = hooks;
    if (judge !== undefined && dependsOn?.judge?.of !== judge) return undeclared('plugin', name, 'judge');
    if (guess !== undefined) return undeclared('plugin', name, 'guess');
  }
  const [reader, other] = mmu.policies.filter(({ read }) => read !== undefined);
  if (reader === undefined) return null;
  if (other !== undefined) return `policies ${reader.name} and ${other.name} both have a hook read`;
  if (reader.dependsOn?.read?.of !== reader.read) return undeclared('policy', reader.name, 'read');
  const least = leastMmioSpte(mmu);
  return least === null || entryAt(mmu, least, null).kind === 'mmio'
    ? null
    : `policy ${reader.name}: its hook read does not take ${hex(least)}, the least of MMIO entries`;
}

/** The tests that can come out either way, each once; a single bit is all of itself. */
function distinct(tests: readonly AddressTest[]): AddressTest[] {
  const found = new Map<string, AddressTest>();
  for (const { test, mask } of tests) {
    const inAddress = mask & ADDRESS;
    const single = (inAddress & (inAddress - 1n)) === 0n;
    const as = single ? 'any' : test;
    if (inAddress !== 0n) found.set(`${as} ${inAddress}`, { test: as, mask: inAddress });
  }
  return [...found.values()];
}
