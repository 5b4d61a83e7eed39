// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bits } from '@spte/core';
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
/** One entry in this many has an address of any bits. */
const RARE = 8n;
/** One entry in this many is asked about on its own. */
const ALONE = 16;

/**
 * What an engine says otherwise than core of the attribute patterns of a row. Each has one of the levels, another one in
 * the next row. The engine first meets the patterns with other addresses: core is asked whether what it learned of them
 * holds.
 *
 * @param stride looks at each pattern whose number this divides, and at no other
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
