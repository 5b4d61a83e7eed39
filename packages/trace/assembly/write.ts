// SPDX-License-Identifier: GPL-2.0-only
// Steps of writing text. Sixteen bytes more may be written than are needed.

/** Copies a text; returns where it ends. */
export function copyText(to: usize, from: usize, length: usize): usize {
  let i: usize = 0;
  do {
    v128.store(to + i, v128.load(from + i));
    i += 16;
  } while (i < length);
  return to + length;
}

/** Whether JSON must write some of a text otherwise. */
export function escapes(from: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i += 16) {
    const text = v128.load(from + i);
    const found = i8x16.bitmask(
      v128.or(
        i8x16.lt_u(text, i8x16.splat(32)),
        v128.or(i8x16.eq(text, i8x16.splat(34)), i8x16.eq(text, i8x16.splat(92))),
      ),
    );
    if (found === 0) continue;
    if (i + ctz(found) < length) return true;
  }
  return false;
}

/** Writes a number. */
export function writeDecimal(to: usize, value: u64): usize {
  let digits: usize = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  let rest = value;
  for (let at = to + digits - 1; ; at--) {
    const tens = rest / 10;
    store<u8>(at, 48 + <u8>(rest - tens * 10));
    rest = tens;
    if (at === to) break;
  }
  return to + digits;
}

/** Writes hex without zeros before it. */
export function writeHex(to: usize, value: u64): usize {
  const digits: usize = value === 0 ? 1 : 16 - (<usize>clz(value) >> 2);
  const bytes = i64x2.splat(<i64>bswap<u64>(value));
  // One digit a lane, the first of sixteen in lane 0.
  const high = v128.and(i8x16.shr_u(bytes, 4), i8x16.splat(15));
  const low = v128.and(bytes, i8x16.splat(15));
  const all = i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const lanes = i8x16.add(
    i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    i8x16.splat(<i8>(16 - digits)),
  );
  const letters = i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102);
  v128.store(to, i8x16.swizzle(letters, i8x16.swizzle(all, lanes)));
  return to + digits;
}
