// SPDX-License-Identifier: GPL-2.0-only
// The loops of loops.ts in AssemblyScript, eight entries at a time. No rule and no mask of KVM's is written here: the
// answers stand in tables, which JavaScript fills by asking core's rules, and masks come with the tables.
//
// JavaScript hands over a block of entries, by the addresses of its columns in this memory. `map` and `encode` return
// how far they came: where that is not the end, the entry there has no answer yet. JavaScript asks the rule, fills the
// table, and calls again.

import {
  ACCESS_KEY_BITS,
  ACCESS_MASK,
  ACCESS_SHIFT,
  ADDRESS_END,
  ADDRESS_SHIFT,
  ANSWERS,
  CELL_BITS,
  CELLS,
  CLASSES,
  FLAG_KEY_BITS,
  FLAGS_SHIFT,
  FRAME_BITS,
  FRAME_KINDS,
  FRAME_MASK,
  GROUP,
  KIND_MASK,
  LEVEL_KEY_BITS,
  LEVEL_KEY_SHIFT,
  MOVED,
  MOVED_KIND,
  PIECE_BITS,
  PIECES,
  ROW_OF,
  WATCH,
} from '../src/memory-layout';

const ADDRESS: u64 = (1 << (<u64>ADDRESS_END)) - (1 << (<u64>ADDRESS_SHIFT));
const ATTRIBUTES: u64 = ~ADDRESS;
const EACH_BYTE: u64 = 0x0101_0101_0101_0101;

/** Where the rows of an entry begin that is in the same class. */
function classOf(record: usize, entry: u64): i32 {
  const pieces = load<u32>(record, PIECES);
  const answers =
    load<u16>(pieceAt(pieces, entry, 0)) |
    load<u16>(pieceAt(pieces, entry, 1)) |
    load<u16>(pieceAt(pieces, entry, 2)) |
    load<u16>(pieceAt(pieces, entry, 3));
  return load<i32>(<usize>load<u32>(record, CLASSES) + ((<usize>answers) << 2));
}

/** Where it stands what a run of address bits says. */
function pieceAt(pieces: usize, entry: u64, run: i32): usize {
  const value = <i32>(entry >> (ADDRESS_SHIFT + run * PIECE_BITS)) & ((1 << PIECE_BITS) - 1);
  return pieces + (((run << PIECE_BITS) | value) << 1);
}

/** The answer plus 1, by the rows of its class; 0 when there is none. */
function cellOf(rows: usize, cells: usize, entry: u64): u32 {
  const index = ((entry & ADDRESS) != 0 ? (<usize>1) << CELL_BITS : 0) | <usize>(entry >> ADDRESS_END);
  const row = <usize>load<u8>(rows + index);
  return load<u16>(cells + (((row << CELL_BITS) | (<usize>entry & ((1 << CELL_BITS) - 1))) << 1));
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
export function map(record: usize, entries: usize, from: i32, to: i32): i32 {
  const watch = load<u64>(record, WATCH);
  const matter = watch | ATTRIBUTES;
  const rowOf = load<u32>(record, ROW_OF);
  const cells = load<u32>(record, CELLS);
  let i: usize = from;
  const end: usize = to;
  let seen = load<u64>(entries + (i << 3));
  let base = classOf(record, seen);
  if (base < 0) return from;
  let cell: u32 = 0;
  while (i < end) {
    if (cell != 0 && i + GROUP <= end && alike(entries + (i << 3), seen, matter)) {
      v128.store(ANSWERS + (i << 1), i16x8.splat(<i16>cell));
      i += GROUP;
      continue;
    }
    const stop = min(i + GROUP, end);
    if (i + GROUP <= end && sameClass(entries + (i << 3), seen, watch)) {
      const rows = rowOf + <u32>base;
      for (; i < stop; i++) {
        cell = cellOf(rows, cells, load<u64>(entries + (i << 3)));
        if (cell == 0) return <i32>i;
        store<u16>(ANSWERS + (i << 1), <u16>cell);
      }
      seen = load<u64>(entries + (i << 3) - 8);
      continue;
    }
    for (; i < stop; i++) {
      const entry = load<u64>(entries + (i << 3));
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

// What becomes of the answers to a block: whole groups, so that a column has room for them.

/** In one byte each. */
export function toBytes(out: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    v128.store64_lane(out + i, i8x16.narrow_i16x8_u(answers, answers), 0);
  }
}

/** In four bytes each. */
export function toWords(out: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    v128.store(out + (i << 2), i32x4.extend_low_i16x8_u(answers), 0);
    v128.store(out + (i << 2), i32x4.extend_high_i16x8_u(answers), 16);
  }
}

/** In columns. Frame and generation come from the entries. */
export function toColumns(
  record: usize,
  entries: usize,
  kind: usize,
  frame: usize,
  access: usize,
  flags: usize,
  generation: usize,
  count: i32,
): void {
  const frameMask = i64x2.splat(load<u64>(record, FRAME_MASK));
  const frameKinds = v128.load(record, FRAME_KINDS);
  const movedKind = i8x16.splat(load<u8>(record, MOVED_KIND));
  const moved = load<u32>(record, MOVED);
  const none = i64x2.splat(0);
  for (let i: usize = 0; i < <usize>count; i += GROUP) {
    const answers = answersAt(i);
    const kinds16 = v128.and(answers, i16x8.splat(<i16>KIND_MASK));
    const kinds = i8x16.narrow_i16x8_u(kinds16, kinds16);
    const allowed = v128.and(i16x8.shr_u(answers, ACCESS_SHIFT), i16x8.splat(<i16>ACCESS_MASK));
    const flagged = i16x8.shr_u(answers, FLAGS_SHIFT);
    v128.store64_lane(kind + i, kinds, 0);
    v128.store64_lane(access + i, i8x16.narrow_i16x8_u(allowed, allowed), 0);
    v128.store64_lane(flags + i, i8x16.narrow_i16x8_u(flagged, flagged), 0);
    // All ones for entries with a frame.
    const framed = i16x8.extend_low_i8x16_s(i8x16.swizzle(frameKinds, kinds));
    const low = i32x4.extend_low_i16x8_s(framed);
    const high = i32x4.extend_high_i16x8_s(framed);
    const from = entries + (i << 3);
    const to = frame + (i << 3);
    putFrames(from, to, v128.and(i64x2.extend_low_i32x4_s(low), frameMask));
    putFrames(from + 16, to + 16, v128.and(i64x2.extend_high_i32x4_s(low), frameMask));
    putFrames(from + 32, to + 32, v128.and(i64x2.extend_low_i32x4_s(high), frameMask));
    putFrames(from + 48, to + 48, v128.and(i64x2.extend_high_i32x4_s(high), frameMask));
    v128.store(generation + (i << 2), none, 0);
    v128.store(generation + (i << 2), none, 16);
    // Eight of sixteen lanes count.
    let moving = i8x16.bitmask(i8x16.eq(kinds, movedKind)) & 255;
    for (; moving != 0; moving &= moving - 1) {
      const n = <usize>ctz(moving);
      const sum = movedFields(moved, from + (n << 3));
      store<u64>(to + (n << 3), i64x2.extract_lane(sum, 0));
      store<u32>(generation + ((i + n) << 2), <u32>i64x2.extract_lane(sum, 1));
    }
  }
}

/** Two frames: the bits of a mask, in their place. */
function putFrames(from: usize, to: usize, mask: v128): void {
  v128.store(to, i64x2.shr_u(v128.and(v128.load(from), mask), ADDRESS_SHIFT));
}

/** Frame and generation of an entry whose fields are moved bits: what each of its bytes adds, or-ed. */
function movedFields(table: usize, entry: usize): v128 {
  let sum = i64x2.splat(0);
  for (let byte: usize = 0; byte < 8; byte++) {
    sum = v128.or(sum, v128.load(table + (((byte << 8) | load<u8>(entry + byte)) << 4)));
  }
  return sum;
}

/** Values that do not fit their part of a key, in each byte. */
const NO_ACCESS: u64 = EACH_BYTE * (256 - (1 << (<u64>ACCESS_KEY_BITS)));
const NO_FLAGS: u64 = EACH_BYTE * (256 - (1 << (<u64>FLAG_KEY_BITS)));
const NO_LEVEL: u64 = EACH_BYTE * (256 - (1 << (<u64>LEVEL_KEY_BITS)));
/** Bits that a frame in an entry does not have. */
const NO_FRAME: u64 = ~((1 << (<u64>FRAME_BITS)) - 1);

/** The entry for a frame, of one that was made for frame 0. */
function entryFor(made: u64, frame: usize): u64 {
  return made | (load<u64>(frame) << ADDRESS_SHIFT);
}

/**
 * Entries from frames, access, levels and flags: what was made for frame 0, and the frame in its place. It stops where
 * nothing was made yet, a value does not fit its part of the key, or a frame has bits beyond the address.
 *
 * @param made entries by their key; 0 for those not made yet
 */
export function encode(
  made: usize,
  frame: usize,
  access: usize,
  level: usize,
  flags: usize,
  out: usize,
  from: i32,
  to: i32,
): i32 {
  let i: usize = from;
  const end: usize = to;
  let entry: u64 = 0;
  /** What `entry` was made for, in each byte. */
  let seenAccess: u64 = 0;
  let seenFlags: u64 = 0;
  let seenLevel: u64 = 0;
  for (; i + GROUP <= end; i += GROUP) {
    const at = i << 3;
    const a = v128.load(frame + at, 0);
    const b = v128.load(frame + at, 16);
    const c = v128.load(frame + at, 32);
    const d = v128.load(frame + at, 48);
    const frames = v128.or(v128.or(a, b), v128.or(c, d));
    if (v128.any_true(v128.and(frames, i64x2.splat(NO_FRAME)))) break;
    const accesses = load<u64>(access + i);
    const flagged = load<u64>(flags + i);
    const levels = load<u64>(level + i);
    if (entry != 0 && ((accesses ^ seenAccess) | (flagged ^ seenFlags) | (levels ^ seenLevel)) == 0) {
      const splat = i64x2.splat(entry);
      v128.store(out + at, v128.or(i64x2.shl(a, ADDRESS_SHIFT), splat), 0);
      v128.store(out + at, v128.or(i64x2.shl(b, ADDRESS_SHIFT), splat), 16);
      v128.store(out + at, v128.or(i64x2.shl(c, ADDRESS_SHIFT), splat), 32);
      v128.store(out + at, v128.or(i64x2.shl(d, ADDRESS_SHIFT), splat), 48);
      continue;
    }
    if (((accesses & NO_ACCESS) | (flagged & NO_FLAGS) | (levels & NO_LEVEL)) != 0) break;
    v128.store(
      ANSWERS,
      v128.or(
        i16x8.extend_low_i8x16_u(i64x2.splat(flagged)),
        v128.or(
          i16x8.shl(i16x8.extend_low_i8x16_u(i64x2.splat(accesses)), FLAG_KEY_BITS),
          i16x8.shl(i16x8.extend_low_i8x16_u(i64x2.splat(levels)), LEVEL_KEY_SHIFT),
        ),
      ),
    );
    for (let n: usize = 0; n < <usize>GROUP; n++) {
      entry = load<u64>(made + ((<usize>load<u16>(ANSWERS + (n << 1))) << 3));
      if (entry == 0) return <i32>(i + n);
      store<u64>(out + at + (n << 3), entryFor(entry, frame + at + (n << 3)));
    }
    // Those that follow may be as the last one was.
    seenAccess = (accesses >> 56) * EACH_BYTE;
    seenFlags = (flagged >> 56) * EACH_BYTE;
    seenLevel = (levels >> 56) * EACH_BYTE;
  }
  // What is left, or a group in which something is amiss.
  const stop = min(i + GROUP, end);
  for (; i < stop; i++) {
    const at = i << 3;
    const allowed = <usize>load<u8>(access + i);
    const flagged = <usize>load<u8>(flags + i);
    const deep = <usize>load<u8>(level + i);
    if (((allowed >> ACCESS_KEY_BITS) | (flagged >> FLAG_KEY_BITS) | (deep >> LEVEL_KEY_BITS)) != 0) break;
    if ((load<u64>(frame + at) & NO_FRAME) != 0) break;
    entry = load<u64>(made + ((flagged | (allowed << FLAG_KEY_BITS) | (deep << LEVEL_KEY_SHIFT)) << 3));
    if (entry == 0) break;
    store<u64>(out + at, entryFor(entry, frame + at));
  }
  return <i32>i;
}
