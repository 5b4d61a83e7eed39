// SPDX-License-Identifier: GPL-2.0-only
import { highHalf, lowHalf } from '@spte/wasm';

/** Bits 63:52 and 11:0 of a value, next to each other: all that is not address. */
export function outsideAddress(value: bigint): number {
  return ((highHalf(value) >>> 20) << 12) | (lowHalf(value) & 0xfff);
}
