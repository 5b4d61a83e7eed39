// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap } from '@spte/core';
import type { PhysicalMemory } from '../memory/memory.ts';
import type { PageRun } from './dump.ts';

/** Bytes of the bitmap that are read at once: 128 MiB of memory have 4096. */
const BLOCK_BYTES = 4096;
const BLOCK_BITS = BLOCK_BYTES * 8;

/** Blocks that are remembered: 256 KiB. */
const MAX_BLOCKS = 64;

/** A bit for each page, in a file: nothing is read but what is asked for. */
export class Bitmap {
  readonly #file: PhysicalMemory;
  readonly #start: bigint;
  readonly #bits: number;
  readonly #blocks: BoundedMap<number, Uint8Array | null> = new BoundedMap(MAX_BLOCKS);
  /** Bits that are set before each block. */
  readonly #before: number[] = [0];

  /**
   * @param start offset in bytes
   * @param bits how many pages there are; bits beyond are clear
   */
  constructor(file: PhysicalMemory, start: bigint, bits: number) {
    this.#file = file;
    this.#start = start;
    this.#bits = bits;
  }

  /** Whether a bit is set; null where the file is cut off. */
  has(bit: number): boolean | null {
    if (bit >= this.#bits) return false;
    const block = this.#block(Math.floor(bit / BLOCK_BITS));
    return block === null ? null : isSet(block, bit % BLOCK_BITS);
  }

  /** How many bits below `bit` are set; null where the file is cut off. */
  rank(bit: number): number | null {
    const last = Math.floor(bit / BLOCK_BITS);
    for (let index = this.#before.length; index <= last; index++) {
      const block = this.#block(index - 1);
      if (block === null) return null;
      this.#before.push((this.#before[index - 1] as number) + popcount(block, BLOCK_BITS));
    }
    const rest = bit % BLOCK_BITS;
    const block = rest === 0 ? EMPTY : this.#block(last);
    return block === null ? null : (this.#before[last] as number) + popcount(block, rest);
  }

  /** Runs of bits that are set, in order, none across two blocks. */
  *runs(): Generator<PageRun, void> {
    for (let first = 0; first < this.#bits; first += BLOCK_BITS) {
      const block = this.#block(first / BLOCK_BITS);
      if (block === null) return;
      const bits = Math.min(BLOCK_BITS, this.#bits - first);
      for (let bit = 0; bit < bits; bit++) {
        if (!isSet(block, bit)) continue;
        const start = bit;
        while (bit < bits && isSet(block, bit)) bit++;
        yield { start: first + start, end: first + bit };
      }
    }
  }

  /** A block; that of the end has what is left, and zeroes. */
  #block(index: number): Uint8Array | null {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    const length = Math.min(BLOCK_BYTES, Math.ceil((this.#bits - index * BLOCK_BITS) / 8));
    const bytes = this.#file.read(this.#start + BigInt(index) * BigInt(BLOCK_BYTES), length);
    const block = bytes === null || length === BLOCK_BYTES ? bytes : paddedTo(bytes);
    this.#blocks.set(index, block);
    return block;
  }
}

const EMPTY = new Uint8Array(0);

function paddedTo(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(bytes);
  return block;
}

function isSet(block: Uint8Array, bit: number): boolean {
  return (((block[bit >> 3] as number) >> (bit & 7)) & 1) === 1;
}

/** Bits that are set in each byte. */
const COUNTS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let left = byte; left > 0; left &= left - 1) count++;
  return count;
});

/** How many of the first `bits` bits are set. */
function popcount(block: Uint8Array, bits: number): number {
  const whole = bits >> 3;
  let count = 0;
  for (let at = 0; at < whole; at++) count += COUNTS[block[at] as number] as number;
  const rest = bits & 7;
  return rest === 0 ? count : count + (COUNTS[(block[whole] as number) & ((1 << rest) - 1)] as number);
}
