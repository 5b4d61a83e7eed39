// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bits, type Mmu } from '@spte/core';
import type { BatchEngine } from '../src/index.ts';
import {
  callDifferences,
  columnDifferences,
  type Difference,
  findingDifferences,
  kindDifferences,
} from './scalar.ts';

export const LEVELS: readonly (number | null)[] = [1, 2, 3, 4, 5, null];

/** Bits 63:52 of a pattern are its row, bits 11:0 its place in the row. */
export const ROWS = 4096;
const ROW = 4096;

/** Address bits that every machine has. */
const ORDINARY = bits(35, 12);
/** One entry of so many has an address of any bits, and one of so many is asked about on its own. */
const RARE = 8n;
const ALONE = 16;

/**
 * What an engine says otherwise than core of the attribute patterns of a row. Each has one of the levels, another one in
 * the next row. The engine first meets the patterns with other addresses: core is asked whether what it learned of them
 * holds.
 *
 * @param stride looks at one of so many patterns only
 */
export function rowDifferences(
  engine: BatchEngine,
  row: number,
  next: () => bigint,
  stride = 1,
): Difference[] {
  const address = (): bigint => next() & (next() % RARE === 0n ? ADDRESS : ORDINARY);
  return LEVELS.flatMap((level, n) => {
    const patterns: bigint[] = [];
    const first = (LEVELS.length + n - (row % LEVELS.length)) % LEVELS.length;
    for (let place = first; place < ROW; place += LEVELS.length * stride) {
      patterns.push((BigInt(row) << 52n) | BigInt(place));
    }
    const some = BigUint64Array.from(patterns, (pattern) => pattern | (next() & ORDINARY));
    engine.classify(some, level);
    engine.decode(some, level);
    engine.judge(some, level);
    const others = BigUint64Array.from(patterns, (pattern) => pattern | address());
    const few = others.filter((_, i) => i % ALONE === row % ALONE);
    return [
      ...kindDifferences(engine, others, level),
      ...columnDifferences(engine, others, level),
      ...findingDifferences(engine, others, level),
      ...callDifferences(engine, few, level),
    ];
  });
}

/** The masks of an MMU that tell entries apart by their address, and parts of them. */
export function addresses({ masks, zeroCheck }: Mmu, next: () => bigint): bigint[] {
  const whole = [
    masks.mmioMask,
    masks.vmMmioValue,
    masks.meMask,
    masks.meValue,
    masks.nonpresentOrRsvd,
    masks.nonpresentOrRsvd << 5n,
    masks.lowerGfn,
    masks.baseAddr,
    ...zeroCheck.bit7Clear,
    ...zeroCheck.bit7Set,
  ].map((mask) => mask & ADDRESS);
  const partly = whole.map((mask) => mask & next());
  const singles = Array.from({ length: 40 }, (_, n) => 1n << BigInt(n + 12));
  return [...new Set([0n, ADDRESS, ...whole, ...partly, ...singles, next() & ADDRESS, next() & ADDRESS])];
}

/** Attributes that mean something on this machine, with bits of them flipped. */
export function meaningful({ masks, layout }: Mmu): bigint[] {
  const present = layout.mmuPresent?.mask ?? 0n;
  const permissions = masks.present | masks.user | masks.x | 3n;
  const bases = [
    0n,
    layout.empty,
    layout.frozen ?? 0n,
    masks.vmMmioValue,
    masks.vmMmioValue | (layout.mmioMarker?.mask ?? 0n),
    masks.vmMmioValue | layout.mmioGeneration.high.mask | present,
    present | permissions | masks.accessed | masks.dirty | masks.hostWritable | masks.mmuWritable,
    present | permissions | masks.memtype | (1n << 7n),
    present | layout.adType.mask | masks.present,
    present | (1n << layout.adType.shift) | (layout.savedBits.mask << layout.savedBits.shift),
  ].map((base) => base & ~ADDRESS);
  return [...new Set(bases.flatMap((base) => [base, base ^ 1n, base ^ (1n << 7n), base ^ (1n << 11n)]))];
}
