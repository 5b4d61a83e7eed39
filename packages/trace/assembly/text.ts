// SPDX-License-Identifier: GPL-2.0-only
// Steps over text, as cursor.ts has them. A line ends with a newline, which is no part of any field: a loop that stops
// there need not look for the end.

export const NEWLINE: u8 = 10;
export const SPACE: u8 = 32;
const ZERO: u8 = 48;

/** A space, a tab, a line end, or the NUL that some kernels leave. */
export function isBlank(byte: u8): bool {
  return byte <= SPACE && (byte === SPACE || byte === 0 || <u8>(byte - 9) <= 4);
}

export function isDigit(byte: u8): bool {
  return <u8>(byte - ZERO) <= 9;
}

/** Goes past blanks up to `end`. */
export function skipBlanks(at: usize, end: usize): usize {
  while (at < end && isBlank(load<u8>(at))) at++;
  return at;
}

/** Goes back past blanks to `start`. */
export function backOverBlanks(at: usize, start: usize): usize {
  while (at > start && isBlank(load<u8>(at - 1))) at--;
  return at;
}

/** Whether two texts are the same. */
export function sameText(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  if (i === length) return true;
  const rest = ((<u64>1) << ((<u64>(length - i)) << 3)) - 1;
  return ((load<u64>(a + i) ^ load<u64>(b + i)) & rest) === 0;
}

/** How many hex digits stand at a place, 16 at most. */
export function hexDigits(at: usize): i32 {
  const v = v128.load(at);
  const decimal = i8x16.le_u(i8x16.sub(v, i8x16.splat(48)), i8x16.splat(9));
  const letter = i8x16.le_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(97)), i8x16.splat(5));
  return ctz(i8x16.bitmask(v128.or(decimal, letter)) ^ -1);
}

/** The value of the given number of hex digits. */
export function hexValue(at: usize, count: i32): u64 {
  const v = v128.load(at);
  // '0'..'9' have bit 6 clear, letters have it set and count from 1 in their low bits.
  const nibbles = i8x16.add(
    v128.and(v, i8x16.splat(15)),
    v128.and(i8x16.gt_u(v, i8x16.splat(64)), i8x16.splat(9)),
  );
  // The last digit comes to lane 15; lanes before the first digit have an index out of range, and become 0.
  const lanes = i8x16.add(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(<i8>(count - 16)),
  );
  const digits = i8x16.swizzle(nibbles, lanes);
  const pairs = v128.and(v128.or(i16x8.shl(digits, 4), i16x8.shr_u(digits, 8)), i16x8.splat(255));
  // The last pair comes to lane 0.
  const bytes = i8x16.swizzle(pairs, i8x16(14, 12, 10, 8, 6, 4, 2, 0, -1, -1, -1, -1, -1, -1, -1, -1));
  return i64x2.extract_lane(bytes, 0);
}
