// SPDX-License-Identifier: GPL-2.0-only
import { bit, bitNumbers, bitsText, runsOf, runsText } from '@spte/core';

/** A run of adjacent set bits. */
export interface BitRange {
  readonly high: number;
  readonly low: number;
}

/** The runs of set bits of a 64-bit value, highest first. */
export function bitRanges(value: bigint): BitRange[] {
  return runsOf(value)
    .toReversed()
    .map((run) => {
      const numbers = bitNumbers(run);
      return { high: numbers.at(-1) as number, low: numbers[0] as number };
    });
}

export function hasBit(value: bigint, n: number): boolean {
  return ((value >> BigInt(n)) & 1n) !== 0n;
}

/** A mask of bits that are given by their numbers. */
export function maskOf(numbers: readonly number[]): bigint {
  return numbers.reduce((mask, n) => mask | bit(n), 0n);
}

/** Bits as text: `62:52, 10:3`; `none` for 0. */
export function bitText(value: bigint): string {
  return value === 0n ? 'none' : runsText(value);
}

/** Bits as a phrase: `bit 7`, `bits 62:52, 10:3`; `bits none` for 0. */
export function bitPhrase(value: bigint): string {
  return value === 0n ? 'bits none' : bitsText(bitNumbers(value));
}

/** All 16 hex digits of a 64-bit value, highest first. */
export function hexDigits(value: bigint): string[] {
  return Array.from(value.toString(16).padStart(16, '0'));
}
