// SPDX-License-Identifier: GPL-2.0-only

/** Bits in a page offset; `gfn << PAGE_SHIFT` is a guest physical address. */
export const PAGE_SHIFT = 12n;

/** Address bits that each paging level resolves: a table has 512 entries. */
export const LEVEL_BITS = 9;

/** Every paging level, lowest first: 4K, 2M, 1G, 512G, and the root of a 5-level table. */
export const LEVELS = [1, 2, 3, 4, 5] as const;

/** The largest 64-bit word. */
export const U64_MAX: bigint = (1n << 64n) - 1n;

const ENTRY_BYTES_SHIFT = 3n;
const INDEX_MASK = (1n << BigInt(LEVEL_BITS)) - 1n;

/** Wraps to 64 bits, as C's u64 arithmetic does. */
export function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** The single bit `n` (0..63). */
export function bit(n: number): bigint {
  return 1n << BigInt(n);
}

/**
 * Bits `high` down to `low`, both included; 0 when `high < low`.
 *
 * The highest bit comes first, as in "bits 51:12". {@link rsvdBits} takes them the other way round, as the kernel's does.
 *
 * @example
 * ```ts
 * import { bits, hex } from '@spte/core';
 *
 * hex(bits(51, 12)); // 0xffffffffff000
 * ```
 */
export function bits(high: number, low: number): bigint {
  return high < low ? 0n : (1n << BigInt(high + 1)) - (1n << BigInt(low));
}

/**
 * Where an entry of every format keeps an address: bits 51:12.
 *
 * A machine has fewer address bits, and memory encryption takes some: `baseAddr` of the masks tells.
 */
export const ADDRESS: bigint = bits(51, 12);

/**
 * The numbers of the set bits of a 64-bit value, lowest first.
 *
 * @example
 * ```ts
 * import { bitNumbers } from '@spte/core';
 *
 * bitNumbers(0x8005n); // [ 0, 2, 15 ]
 * ```
 */
export function bitNumbers(value: bigint): number[] {
  const { upper, lower } = halves(value);
  const numbers: number[] = [];
  for (let rest = lower; rest !== 0; rest &= rest - 1) numbers.push(lowestBit(rest));
  for (let rest = upper; rest !== 0; rest &= rest - 1) numbers.push(32 + lowestBit(rest));
  return numbers;
}

/** A 64-bit word as two signed numbers of 32 bits, which are much cheaper to look at than a bigint. */
export interface Halves {
  /** Bits 63:32. */
  readonly upper: number;
  /** Bits 31:0. */
  readonly lower: number;
}

/** A 64-bit word as it lies in memory. Written and read within one call, so that nothing is kept here. */
const inMemory = new DataView(new ArrayBuffer(8));

/** The halves of a 64-bit word. */
export function halves(value: bigint): Halves {
  inMemory.setBigUint64(0, value);
  return { upper: inMemory.getInt32(0), lower: inMemory.getInt32(4) };
}

/** The bits of `a` that are not in `b`: `a & ~b`, of which the complement alone takes several times as long. */
export function without(a: bigint, b: bigint): bigint {
  return a ^ (a & b);
}

/** The number of the lowest set bit of a 32-bit value that is not 0. */
const lowestBit = (value: number): number => 31 - Math.clz32(value & -value);

/**
 * The runs of adjacent bits in a mask, each as a mask, lowest first.
 *
 * @example
 * ```ts
 * import { hex, runsOf } from '@spte/core';
 *
 * runsOf(0xf0fn).map(hex); // [ '0xf', '0xf00' ]
 * ```
 */
export function runsOf(mask: bigint): bigint[] {
  const found: bigint[] = [];
  for (let left = u64(mask); left !== 0n; ) {
    // Adding the lowest bit carries through its run and clears it.
    const run = left & ~(left + (left & -left));
    found.push(run);
    left &= ~run;
  }
  return found;
}

/**
 * Lower-case hex without leading zeros, as every `@spte` package prints 64-bit values: `0x600000455299b77`.
 *
 * @example
 * ```ts
 * import { hex } from '@spte/core';
 *
 * hex(0x600000455299b77n); // 0x600000455299b77
 * hex(0n); // 0x0
 * ```
 */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/**
 * 4K pages in one page of the given level: 1, 512, 512², …
 *
 * Kernel: `KVM_PAGES_PER_HPAGE()`.
 */
export function pagesPerHpage(level: number): bigint {
  return 1n << BigInt(LEVEL_BITS * (level - 1));
}

/**
 * Rounds a gfn down to the first gfn of its page at `level`.
 *
 * Kernel: `gfn_round_for_level()`.
 */
export function gfnRoundForLevel(gfn: bigint, level: number): bigint {
  return gfn & u64(-pagesPerHpage(level));
}

/**
 * Index (0..511) of the entry that translates `address` at `level`.
 *
 * Kernel: `SPTE_INDEX()`.
 */
export function spteIndexAt(address: bigint, level: number): number {
  return Number((address >> (PAGE_SHIFT + BigInt(LEVEL_BITS * (level - 1)))) & INDEX_MASK);
}

/**
 * Index (0..511) of an entry in its table, from the address of the entry itself.
 *
 * Kernel: `spte_index()`.
 */
export function spteIndex(sptep: bigint): number {
  return Number((sptep >> ENTRY_BYTES_SHIFT) & INDEX_MASK);
}
