// SPDX-License-Identifier: GPL-2.0-only
import { PAGE_SHIFT } from '@spte/core';

/**
 * How often a walk may come upon a table that it has walked before. Guests share tables, and so do their shadows: some
 * thousands are plausible. Four shared tables at every level of a made image are 2^36 leaves, for which nobody waits.
 */
export const MAX_REPEATS = 65_536;

/** Pages of a chunk of {@link repeatCounter}, as a shift: 4096 bytes of bits. */
const CHUNK_SHIFT = 15n;

/**
 * Remembers which tables were walked, in a bit for each page.
 *
 * @returns whether the table at an address (bytes) was walked before, and {@link MAX_REPEATS} others that were, too
 */
export function repeatCounter(): (address: bigint) => boolean {
  const chunks = new Map<bigint, Uint8Array>();
  let repeats = 0;
  return (address) => {
    const page = address >> PAGE_SHIFT;
    const chunk = page >> CHUNK_SHIFT;
    const bits = chunks.get(chunk) ?? new Uint8Array(1 << (Number(CHUNK_SHIFT) - 3));
    chunks.set(chunk, bits);
    const at = Number(page & ((1n << CHUNK_SHIFT) - 1n));
    const bit = 1 << (at & 7);
    const byte = bits[at >> 3] as number;
    const seen = (byte & bit) !== 0;
    bits[at >> 3] = byte | bit;
    if (seen && repeats < MAX_REPEATS) {
      repeats++;
      return false;
    }
    return seen;
  };
}
