// SPDX-License-Identifier: GPL-2.0-only
import {
  type AdType,
  type CoreKind,
  type FindingCode,
  type Mmu,
  pluginKinds,
  type SpteKind,
} from '@spte/core';

// What the numbers in the columns stand for.

/** Every kind of entry that core knows; its place here is its code. Those of plugins follow: see {@link kindsOf}. */
export const SPTE_KINDS: readonly CoreKind[] = [
  'empty',
  'leaf',
  'tracked',
  'table',
  'mmio',
  'frozen',
  'unknown',
];

/** The code of each kind, as `classify()` and `decode()` write it. */
export const KIND_CODES: Readonly<Record<CoreKind, number>> = {
  empty: 0,
  leaf: 1,
  tracked: 2,
  table: 3,
  mmio: 4,
  frozen: 5,
  unknown: 6,
};

/** The code of all kinds of plugins where there is room for core's alone. */
export const OTHER_KIND: number = SPTE_KINDS.length;

/** Every kind of entry of a machine; its place here is its code. */
export function kindsOf(mmu: Mmu): readonly SpteKind[] {
  return [...SPTE_KINDS, ...pluginKinds(mmu).map(({ name }) => name)];
}

/** The code of a kind; of those of plugins {@link OTHER_KIND}. */
export function coreCode(kind: SpteKind): number {
  return Object.hasOwn(KIND_CODES, kind) ? KIND_CODES[kind as CoreKind] : OTHER_KIND;
}

/** The bit of each finding in what `judge()` writes: 0 is a clean entry. */
export const FINDING_BITS: Readonly<Record<FindingCode, number>> = {
  'reserved-bits': 1 << 0,
  'bad-memtype': 1 << 1,
  'bad-xwr': 1 << 2,
  'invariant.mmu-without-host-writable': 1 << 3,
  'invariant.hw-writable-without-mmu-writable': 1 << 4,
  'mmio-and-present': 1 << 5,
  'l1tf-guard-missing': 1 << 6,
  'mmio-gfn-too-high': 1 << 7,
  'not-an-spte': 1 << 8,
  'bits-without-meaning': 1 << 9,
  'bits-kvm-never-sets': 1 << 10,
  'ad-type-invalid': 1 << 11,
  'present-mask-missing': 1 << 12,
  'table-permissions-missing': 1 << 13,
  'encryption-bits': 1 << 14,
  // Of a mask that was printed beside one entry: `judge()` is not told of any.
  'printed-reserved-bits': 1 << 15,
  'software-bits-missing': 1 << 16,
  'plugin-failed': 1 << 17,
};

/** The first bit of findings of plugins, and the one after the last: a bitmap is a 32-bit number. */
const PLUGIN_BITS = { first: 18, end: 32 } as const;

/**
 * The bit of each finding on a machine: those of core, then those of its plugins, in the order in which they are asked.
 *
 * @throws RangeError when plugins have more findings than there are bits left
 */
export function findingBitsOf({ extensions }: Mmu): Readonly<Record<string, number>> {
  const codes = extensions.flatMap(({ findings }) => findings.map(({ code }) => code));
  const room = PLUGIN_BITS.end - PLUGIN_BITS.first;
  if (codes.length > room) {
    throw new RangeError(`a bitmap has room for ${room} findings of plugins, got ${codes.length}`);
  }
  const own = codes.map((code, i) => [code, (1 << (PLUGIN_BITS.first + i)) >>> 0] as const);
  return { ...FINDING_BITS, ...Object.fromEntries(own) };
}

/**
 * The findings of core in a bitmap of `judge()`; `findingBits` of the engine has those of plugins too.
 *
 * @example
 * ```ts
 * import { FINDING_BITS, findingsOf } from '@spte/batch';
 *
 * findingsOf(FINDING_BITS['reserved-bits'] | FINDING_BITS['encryption-bits']); // [ 'reserved-bits', 'encryption-bits' ]
 * findingsOf(0); // []
 * ```
 */
export function findingsOf(bitmap: number): FindingCode[] {
  return (Object.keys(FINDING_BITS) as FindingCode[]).filter((code) => (bitmap & FINDING_BITS[code]) !== 0);
}

/**
 * Bits of the `access` column of a present entry: what the CPU allows. An MMIO entry has there the `ACC_*` bits of its
 * kernel that it remembers.
 */
export const ACCESS_BITS: {
  readonly read: number;
  readonly write: number;
  readonly execute: number;
  readonly user: number;
} = { read: 1, write: 2, execute: 4, user: 8 };

/** Bits of the `flags` column. Its bits 7:6 are the A/D type: see {@link AD_TYPES}. */
export const FLAG_BITS: {
  readonly accessed: number;
  readonly dirty: number;
  readonly hostWritable: number;
  readonly mmuWritable: number;
  readonly encrypted: number;
  readonly ignorePat: number;
} = { accessed: 1, dirty: 2, hostWritable: 4, mmuWritable: 8, encrypted: 16, ignorePat: 32 };

/** Where the A/D type stands in the `flags` column. */
export const AD_TYPE_SHIFT = 6;

/** The A/D types by their number in bits 7:6 of the `flags` column. */
export const AD_TYPES: readonly AdType[] = ['enabled', 'disabled', 'write-protect-only', 'invalid'];

/** Bits of the `flags` that `encode()` takes; with none a plain request of `makeSpte()`. */
export const REQUEST_BITS: {
  /** `prefetch: true` */
  readonly prefetch: number;
  /** `canUnsync: false` */
  readonly noUnsync: number;
  /** `hostWritable: false` */
  readonly hostReadOnly: number;
  /** `role.adDisabled: true` */
  readonly adDisabled: number;
  /** `role.guestMode: true` */
  readonly guestMode: number;
} = { prefetch: 1, noUnsync: 2, hostReadOnly: 4, adDisabled: 8, guestMode: 16 };
