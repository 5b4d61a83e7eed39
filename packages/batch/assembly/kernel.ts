// SPDX-License-Identifier: GPL-2.0-only
// The loops of loops.ts in AssemblyScript, eight entries at a time. No rule and no mask of KVM's is written here: the
// answers stand in tables, which JavaScript fills by asking core's rules, and masks come with the tables.
//
// JavaScript copies a block of entries in, calls a loop, and copies what it wrote out. `map` and `encode` return how far
// they came: where that is not the end, the entry there has no answer yet. JavaScript asks the rule, fills the table,
// and calls again.

import {
  ACCESS,
  ANSWERS,
  CELLS,
  CLASSES,
  FLAGS,
  FRAME_KINDS,
  FRAME_MASK,
  FRAMES,
  IN,
  KINDS,
  MOVED,
  MOVED_KIND,
  PIECES,
  ROW_OF,
  WATCH,
  WORDS,
} from '../src/memory-layout';

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const ATTRIBUTES: u64 = ~ADDRESS;
const GROUP: usize = 8;
const EACH_BYTE: u64 = 0x0101_0101_0101_0101;

/** Where the rows of an entry begin that is in the same class. */
function classOf(record: usize, entry: u64): i32 {
  const pieces = load<u32>(record, PIECES);
  const answers =
    load<u16>(pieces + ((<usize>(entry >> 12) & 1023) << 1)) |
    load<u16>(pieces + ((<usize>(entry >> 22) & 1023) << 1), 2048) |
    load<u16>(pieces + ((<usize>(entry >> 32) & 1023) << 1), 4096) |
    load<u16>(pieces + ((<usize>(entry >> 42) & 1023) << 1), 6144);
  return load<i32>(load<u32>(record, CLASSES) + ((<usize>answers) << 2));
}

/** The answer plus 1, by the rows of its class; 0 when there is none. */
function cellOf(rows: usize, cells: usize, entry: u64): u32 {
  const index = ((entry & ADDRESS) != 0 ? 4096 : 0) | <usize>(entry >> 52);
  return load<u16>(cells + (((<usize>load<u8>(rows + index)) << 13) | ((<usize>entry & 0xfff) << 1)));
}

/**
 * Whether the eight entries at a place are answered as one that was seen: they differ from it in nothing that matters,
 * where an address of 0 does, or in nothing at all.
 */
function alike(at: usize, seen: u64, matter: u64): bool {
  const first = load<u64>(at);
  if (((first ^ seen) & matter) != 0) return false;
  const splat = i64x2.splat(seen);
  const a = v128.load(at, 0);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  const other = v128.or(
    v128.or(v128.xor(a, splat), v128.xor(b, splat)),
    v128.or(v128.xor(c, splat), v128.xor(d, splat)),
  );
  if (!v128.any_true(other)) return true;
  if ((seen & ADDRESS) == 0 || v128.any_true(v128.and(other, i64x2.splat(matter)))) return false;
  const address = i64x2.splat(ADDRESS);
  const zero = i64x2.splat(0);
  return !v128.any_true(
    v128.or(
      v128.or(i64x2.eq(v128.and(a, address), zero), i64x2.eq(v128.and(b, address), zero)),
      v128.or(i64x2.eq(v128.and(c, address), zero), i64x2.eq(v128.and(d, address), zero)),
    ),
  );
}

/** The answers to entries, each plus 1, to `ANSWERS`. */
export function map(record: usize, from: i32, to: i32): i32 {
  const watch = load<u64>(record, WATCH);
  const matter = watch | ATTRIBUTES;
  const rowOf = load<u32>(record, ROW_OF);
  const cells = load<u32>(record, CELLS);
  let i: usize = from;
  const end: usize = to;
  let seen = load<u64>(IN + (i << 3));
  let base = classOf(record, seen);
  if (base < 0) return from;
  let cell: u32 = 0;
  while (i < end) {
    if (cell != 0 && i + GROUP <= end && alike(IN + (i << 3), seen, matter)) {
      v128.store(ANSWERS + (i << 1), i16x8.splat(<i16>cell));
      i += GROUP;
      continue;
    }
    const stop = min(i + GROUP, end);
    if (i + GROUP <= end && sameClass(IN + (i << 3), seen, watch)) {
      const rows = rowOf + <u32>base;
      for (; i < stop; i++) {
        cell = cellOf(rows, cells, load<u64>(IN + (i << 3)));
        if (cell == 0) return <i32>i;
        store<u16>(ANSWERS + (i << 1), <u16>cell);
      }
      seen = load<u64>(IN + (i << 3) - 8);
      continue;
    }
    for (; i < stop; i++) {
      const entry = load<u64>(IN + (i << 3));
      if (((entry ^ seen) & watch) != 0) {
        base = classOf(record, entry);
        if (base < 0) return <i32>i;
      }
      seen = entry;
      cell = cellOf(rowOf + <u32>base, cells, entry);
      if (cell == 0) return <i32>i;
      store<u16>(ANSWERS + (i << 1), <u16>cell);
    }
  }
  return <i32>i;
}

/** Whether eight entries have the watched address bits of one that was seen. */
function sameClass(at: usize, seen: u64, watch: u64): bool {
  const splat = i64x2.splat(seen);
  const other = v128.or(
    v128.or(v128.xor(v128.load(at, 0), splat), v128.xor(v128.load(at, 16), splat)),
    v128.or(v128.xor(v128.load(at, 32), splat), v128.xor(v128.load(at, 48), splat)),
  );
  return !v128.any_true(v128.and(other, i64x2.splat(watch)));
}

/** The answers to eight entries. */
function answersAt(i: usize): v128 {
  return i16x8.sub(v128.load(ANSWERS + (i << 1)), i16x8.splat(1));
}

// What becomes of the answers to a block: whole groups, for what is written past its end does no harm.

/** In one byte each, to `KINDS`. */
export function toBytes(count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    v128.store64_lane(KINDS + i, i8x16.narrow_i16x8_u(answers, answers), 0);
  }
}

/** In four bytes each, to `WORDS`. */
export function toWords(count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    v128.store(WORDS + (i << 2), i32x4.extend_low_i16x8_u(answers), 0);
    v128.store(WORDS + (i << 2), i32x4.extend_high_i16x8_u(answers), 16);
  }
}

/** In columns: an answer is kind | access << 3 | flags << 7. Frame and generation come from the entries. */
export function toColumns(record: usize, count: i32): void {
  const frameMask = i64x2.splat(load<u64>(record, FRAME_MASK));
  const frameKinds = v128.load(record, FRAME_KINDS);
  const movedKind = i8x16.splat(load<u8>(record, MOVED_KIND));
  const moved = load<u32>(record, MOVED);
  const none = i64x2.splat(0);
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    const kinds16 = v128.and(answers, i16x8.splat(7));
    const kinds = i8x16.narrow_i16x8_u(kinds16, kinds16);
    const access = v128.and(i16x8.shr_u(answers, 3), i16x8.splat(15));
    const flags = i16x8.shr_u(answers, 7);
    v128.store64_lane(KINDS + i, kinds, 0);
    v128.store64_lane(ACCESS + i, i8x16.narrow_i16x8_u(access, access), 0);
    v128.store64_lane(FLAGS + i, i8x16.narrow_i16x8_u(flags, flags), 0);
    // All ones for entries with a frame.
    const framed = i16x8.extend_low_i8x16_s(i8x16.swizzle(frameKinds, kinds));
    const low = i32x4.extend_low_i16x8_s(framed);
    const high = i32x4.extend_high_i16x8_s(framed);
    const at = i << 3;
    putFrames(at, v128.and(i64x2.extend_low_i32x4_s(low), frameMask));
    putFrames(at + 16, v128.and(i64x2.extend_high_i32x4_s(low), frameMask));
    putFrames(at + 32, v128.and(i64x2.extend_low_i32x4_s(high), frameMask));
    putFrames(at + 48, v128.and(i64x2.extend_high_i32x4_s(high), frameMask));
    v128.store(WORDS + (i << 2), none, 0);
    v128.store(WORDS + (i << 2), none, 16);
    // Eight of sixteen lanes count.
    let moving = i8x16.bitmask(i8x16.eq(kinds, movedKind)) & 255;
    for (; moving != 0; moving &= moving - 1) putMoved(moved, i + <usize>ctz(moving));
  }
}

/** Two frames: the bits of a mask, in their place. */
function putFrames(at: usize, mask: v128): void {
  v128.store(FRAMES + at, i64x2.shr_u(v128.and(v128.load(IN + at), mask), 12));
}

/** Frame and generation of an entry whose fields are moved bits: what each of its bytes adds, or-ed. */
function putMoved(table: usize, i: usize): void {
  let sum = i64x2.splat(0);
  for (let byte: usize = 0; byte < 8; byte++) {
    sum = v128.or(sum, v128.load(table + (((byte << 8) | load<u8>(IN + (i << 3) + byte)) << 4)));
  }
  store<u64>(FRAMES + (i << 3), i64x2.extract_lane(sum, 0));
  store<u32>(WORDS + (i << 2), <u32>i64x2.extract_lane(sum, 1));
}

/** Values that do not fit their part of a key, in each byte. */
const NO_ACCESS: u64 = 0xf0f0_f0f0_f0f0_f0f0;
const NO_FLAGS: u64 = 0xe0e0_e0e0_e0e0_e0e0;
const NO_LEVEL: u64 = 0xf8f8_f8f8_f8f8_f8f8;
/** Bits that a frame in an entry does not have. */
const NO_FRAME: u64 = 0xffff_ff00_0000_0000;

/** The entry for a frame, of one that was made for frame 0. */
function put(i: usize, made: u64): void {
  store<u64>(FRAMES + (i << 3), made | (load<u64>(IN + (i << 3)) << 12));
}

/**
 * Entries from frames, access, levels and flags: what was made for frame 0, and the frame in its place. It stops where
 * nothing was made yet, a value does not fit its part of the key, or a frame has bits beyond the address.
 *
 * @param made entries by flags | access << 5 | level << 9; 0 for those not made yet
 */
export function encode(made: usize, from: i32, to: i32): i32 {
  let i: usize = from;
  const end: usize = to;
  let entry: u64 = 0;
  /** What `entry` was made for, in each byte. */
  let seenAccess: u64 = 0;
  let seenFlags: u64 = 0;
  let seenLevel: u64 = 0;
  for (; i + GROUP <= end; i += GROUP) {
    const at = i << 3;
    const a = v128.load(IN + at, 0);
    const b = v128.load(IN + at, 16);
    const c = v128.load(IN + at, 32);
    const d = v128.load(IN + at, 48);
    const frames = v128.or(v128.or(a, b), v128.or(c, d));
    if (v128.any_true(v128.and(frames, i64x2.splat(NO_FRAME)))) break;
    const access = load<u64>(ACCESS + i);
    const flags = load<u64>(FLAGS + i);
    const level = load<u64>(KINDS + i);
    if (entry != 0 && ((access ^ seenAccess) | (flags ^ seenFlags) | (level ^ seenLevel)) == 0) {
      const splat = i64x2.splat(entry);
      v128.store(FRAMES + at, v128.or(i64x2.shl(a, 12), splat), 0);
      v128.store(FRAMES + at, v128.or(i64x2.shl(b, 12), splat), 16);
      v128.store(FRAMES + at, v128.or(i64x2.shl(c, 12), splat), 32);
      v128.store(FRAMES + at, v128.or(i64x2.shl(d, 12), splat), 48);
      continue;
    }
    if (((access & NO_ACCESS) | (flags & NO_FLAGS) | (level & NO_LEVEL)) != 0) break;
    v128.store(
      ANSWERS,
      v128.or(
        i16x8.extend_low_i8x16_u(i64x2.splat(flags)),
        v128.or(
          i16x8.shl(i16x8.extend_low_i8x16_u(i64x2.splat(access)), 5),
          i16x8.shl(i16x8.extend_low_i8x16_u(i64x2.splat(level)), 9),
        ),
      ),
    );
    for (let n: usize = 0; n < GROUP; n++) {
      entry = load<u64>(made + ((<usize>load<u16>(ANSWERS + (n << 1))) << 3));
      if (entry == 0) return <i32>(i + n);
      put(i + n, entry);
    }
    // Those that follow may be as the last one was.
    seenAccess = (access >> 56) * EACH_BYTE;
    seenFlags = (flags >> 56) * EACH_BYTE;
    seenLevel = (level >> 56) * EACH_BYTE;
  }
  // What is left, or a group in which something is amiss.
  const stop = min(i + GROUP, end);
  for (; i < stop; i++) {
    const access = <usize>load<u8>(ACCESS + i);
    const flags = <usize>load<u8>(FLAGS + i);
    const level = <usize>load<u8>(KINDS + i);
    if (((access >> 4) | (flags >> 5) | (level >> 3)) != 0 || (load<u64>(IN + (i << 3)) & NO_FRAME) != 0)
      break;
    entry = load<u64>(made + ((flags | (access << 5) | (level << 9)) << 3));
    if (entry == 0) break;
    put(i, entry);
  }
  return <i32>i;
}
