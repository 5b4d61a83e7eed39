// SPDX-License-Identifier: GPL-2.0-only

/**
 * A 64-bit word, whose halves are {@link wordHalves}. Written and read within one call, so that nothing is kept here:
 * much cheaper than to shift a bigint.
 */
export const word: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

/** The halves of {@link word}: bits 31:0, then bits 63:32. */
export const wordHalves: Int32Array<ArrayBuffer> = new Int32Array(word.buffer);

/**
 * The word of two halves.
 *
 * @param high bits 63:32, signed or not
 * @param low bits 31:0, signed or not
 */
export function joinHalves(high: number, low: number): bigint {
  wordHalves[0] = low;
  wordHalves[1] = high;
  return word[0] as bigint;
}

/** Bits 63:32 of a word, as a signed number. */
export function highHalf(value: bigint): number {
  word[0] = value;
  return wordHalves[1] as number;
}

/** Bits 31:0 of a word, as a signed number. */
export function lowHalf(value: bigint): number {
  word[0] = value;
  return wordHalves[0] as number;
}
