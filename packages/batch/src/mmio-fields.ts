// SPDX-License-Identifier: GPL-2.0-only
import {
  addressDependence,
  decodeSpte,
  leastMmioSpte,
  type Mmu,
  type PolicyReading,
  spteKind,
} from '@spte/core';
import { type Arena, arrayIn, highHalf, joinHalves, lowHalf } from '@spte/wasm';

/** What an MMIO entry says beside its access bits. */
export interface MmioFields {
  /** Why each entry is read by its policy; null where the tables serve. */
  readonly reason: string | null;
  /** Values by byte of the entry (0..7) and what that byte is, to be or-ed: four words for each. */
  readonly tables: Int32Array;
  /** What a policy reads in an entry of kind `mmio`. */
  readonly read: (hi: number, lo: number) => PolicyReading;
}

/** Words in a cell of the tables: gfn low, gfn high, generation, and one that is not used. */
const MMIO_WORDS = 4;

const BYTES = 8;
const BYTE_VALUES = 256;

/**
 * Bits of the generation and of the gfn come from single bits of the entry, as the policy declares; which, its own reading
 * tells.
 */
export function mmioFields(mmu: Mmu, arena: Arena | null): MmioFields {
  const read = (spte: bigint): PolicyReading => decodeSpte(mmu, spte, null).mmio as PolicyReading;
  const length = BYTES * BYTE_VALUES * MMIO_WORDS;
  const tables = arrayIn(arena, Int32Array, length);
  const { unknown: reason } = addressDependence(mmu, null);
  const least = leastMmioSpte(mmu);
  const reads = mmu.policies.some((policy) => policy.read !== undefined);
  if (reason === null && least !== null && reads) fillTables(tables, mmu, least, read);
  return { reason, tables, read: (hi, lo) => read(joinHalves(hi, lo)) };
}

const wordsOf = ({ gfn, generation }: PolicyReading): number[] => [
  lowHalf(gfn),
  highHalf(gfn),
  lowHalf(generation),
];

/** What each bit of an entry adds to the reading, put together for each value of each byte. */
function fillTables(
  tables: Int32Array,
  mmu: Mmu,
  least: bigint,
  read: (spte: bigint) => PolicyReading,
): void {
  const base = wordsOf(read(least));
  const added = Array.from({ length: 64 }, (_, n) => {
    const other = least | (1n << BigInt(n));
    return spteKind(mmu, other, null) === 'mmio' ? wordsOf(read(other)) : base;
  });
  for (let byte = 0; byte < BYTES; byte++) {
    for (let value = 0; value < BYTE_VALUES; value++) {
      for (const [i, start] of base.entries()) {
        let word = start;
        for (let n = 0; n < 8; n++) {
          if (((value >> n) & 1) !== 0) word |= added[8 * byte + n]?.[i] as number;
        }
        tables[(byte * BYTE_VALUES + value) * MMIO_WORDS + i] = word;
      }
    }
  }
}

/** Writes gfn and generation of an MMIO entry to element `i`. */
export function putMmio(
  tables: Int32Array,
  hi: number,
  lo: number,
  i: number,
  frames: Int32Array,
  generations: Uint32Array,
): void {
  let low = 0;
  let high = 0;
  let generation = 0;
  for (let byte = 0; byte < BYTES; byte++) {
    const half = byte < BYTES / 2 ? lo : hi;
    const cell = (byte * BYTE_VALUES + ((half >>> (8 * (byte & 3))) & 0xff)) * MMIO_WORDS;
    low |= tables[cell] as number;
    high |= tables[cell + 1] as number;
    generation |= tables[cell + 2] as number;
  }
  frames[2 * i] = low;
  frames[2 * i + 1] = high;
  generations[i] = generation;
}
