// SPDX-License-Identifier: GPL-2.0-only

/**
 * 64-bit entries: an array of them, or their little-endian bytes as they stand in memory or a file, at any offset.
 */
export type Entries = BigUint64Array | Uint8Array;

const ENTRY_BYTES = 8;
const WORD_BYTES = 4;

/** The halves of entries, low before high, without a copy where their place in the buffer allows it. */
export function halves(entries: Entries): Int32Array {
  const { byteLength } = entries;
  if (byteLength % ENTRY_BYTES !== 0) {
    throw new RangeError(`entries must be whole words of 8 bytes, got ${byteLength} bytes`);
  }
  const { buffer, byteOffset } = entries;
  const aligned = byteOffset % WORD_BYTES === 0;
  return aligned
    ? new Int32Array(buffer, byteOffset, byteLength / WORD_BYTES)
    : new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

const LOW_BITS = 32n;

/** The entry of two halves. */
export function joined(hi: number, lo: number): bigint {
  return (BigInt(hi >>> 0) << LOW_BITS) | BigInt(lo >>> 0);
}

/** Bits 63:32 of a word. */
export function highHalf(word: bigint): number {
  return Number(BigInt.asIntN(32, word >> LOW_BITS));
}

/** Bits 31:0 of a word. */
export function lowHalf(word: bigint): number {
  return Number(BigInt.asIntN(32, word));
}

/** @throws RangeError when a column does not have one element for each entry */
export function checkLength(name: string, { length }: { readonly length: number }, expected: number): void {
  if (length !== expected) {
    throw new RangeError(`${name} must have ${expected} elements, one for each entry; got ${length}`);
  }
}
