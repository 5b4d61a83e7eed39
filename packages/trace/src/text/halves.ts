// SPDX-License-Identifier: GPL-2.0-only

/*
 * A 64-bit word and its halves: cheaper than to shift a bigint, or to parse one from text.
 * Written and read within one call, so that nothing is kept here.
 */
const word = new DataView(new ArrayBuffer(8));

/** Upper half first. */
export function joinHalves(high: number, low: number): bigint {
  word.setUint32(0, high);
  word.setUint32(4, low);
  return word.getBigUint64(0);
}

/** Bits 63:52 and 11:0 of a value, next to each other: all that is not address. */
export function outsideAddress(value: bigint): number {
  word.setBigUint64(0, value);
  return ((word.getUint32(0) >>> 20) << 12) | (word.getUint32(4) & 0xfff);
}
