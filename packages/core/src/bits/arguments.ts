// SPDX-License-Identifier: GPL-2.0-only
import { hex, LEVELS, U64_MAX } from './bits.ts';

const U32_MAX = 0xffff_ffff;

/**
 * Returns `value` when it is a 64-bit word.
 *
 * @throws TypeError when it is not a bigint
 * @throws RangeError when it is outside 0..2^64-1
 */
export function checkU64(argument: string, value: bigint): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`${argument} must be a bigint, got ${describe(value)}`);
  // Equal where nothing is cut off, which is cheaper to ask than two comparisons.
  if (BigInt.asUintN(64, value) !== value) {
    throw new RangeError(`${argument} must be within 0x0..${hex(U64_MAX)}, got ${describe(value)}`);
  }
  return value;
}

/**
 * Returns `value` when it is an integer within `min..max`.
 *
 * @throws TypeError when it is not a number
 * @throws RangeError when it is not an integer in the range
 */
export function checkInteger(argument: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${argument} must be a number, got ${describe(value)}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${argument} must be an integer within ${min}..${max}, got ${describe(value)}`);
  }
  return value;
}

/** Returns `value` when it is an unsigned 32-bit word; throws as {@link checkInteger}. */
export function checkU32(argument: string, value: number): number {
  return checkInteger(argument, value, 0, U32_MAX);
}

/** Returns `level` when a page table has such a level (1..5); throws as {@link checkInteger}. */
export function checkLevel(argument: string, level: number): number {
  return checkInteger(argument, level, 1, LEVELS.length);
}

/**
 * Returns `value` when it is one of the allowed words.
 *
 * @throws RangeError when it is not
 */
export function checkOneOf<const Word extends string>(
  argument: string,
  value: string,
  allowed: readonly Word[],
): Word {
  const found = allowed.find((word) => word === value);
  if (found === undefined) {
    throw new RangeError(`${argument} must be one of ${allowed.join(', ')}, got ${describe(value)}`);
  }
  return found;
}

/** Characters of a wrong value that an error repeats, at most. */
const MAX_SHOWN = 60;

/** A wrong value, as an error names it: `5 (number)`, `"abc"`, `0x10`, `null`, `[object Object] (object)`. */
export function describe(value: unknown): string {
  const text = described(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function described(value: unknown): string {
  if (typeof value === 'bigint') return value < 0n ? `-${hex(-value)}` : hex(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || value === undefined) return String(value);
  // What its own conversion says may be an error.
  const isObject = typeof value === 'object' || typeof value === 'function';
  const plain = value as number | boolean | symbol | undefined;
  return `${isObject ? Object.prototype.toString.call(value) : String(plain)} (${typeof value})`;
}
