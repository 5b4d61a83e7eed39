// SPDX-License-Identifier: GPL-2.0-only
import type { KallsymsTables } from './kallsyms.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { isMissing, tryRead } from './missing-memory.ts';

/*
 * Where VMCOREINFO does not say where the tables of kallsyms are (before 6.0), they are found by what they hold. Their
 * order in memory:
 *
 *   up to 6.3    offsets  relative base  count  names  markers  [order of names]  tokens  token index
 *   since 6.4    count  names  markers  tokens  token index  offsets  [relative base]  order of names
 */

/** How far behind `_stext` the tables are, at most. */
const MAX_IMAGE = 96 << 20;

/** Bytes that are looked at at once, and how far two looks overlap: more than the tokens have. */
const WINDOW = 1 << 20;
const OVERLAP = 1 << 14;

/** Bytes of names and markers, at most. */
const MAX_TABLES = 8 << 20;

const PAGE = 4096;

/** Digits stand for themselves: "0\0" to "9\0". */
const DIGITS: Uint8Array = Uint8Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0x30 + i / 2 : 0));
const DIGIT_TOKEN = 0x30;

/** Token tables, at most: before each, megabytes are looked through. */
const MAX_TOKEN_TABLES = 4;

/** Places that look like digits, in one look; kernels have three in all. */
const MAX_CANDIDATES = 256;

const TOKENS = 256;
const MAX_FIRST_TOKEN = 64;

/** Padding between two tables. */
const MAX_PADDING = 64;

/** Every 256th name has a marker; from one to the next are this many bytes. */
const NAMES_PER_MARKER = 256;
const MIN_STEP = 0x200;
const MAX_STEP = 0x8000;
const MIN_MARKERS = 16;

/** How far before the markers the names may begin, beyond their bytes: the last 256 names. */
const MAX_TAIL = 1 << 16;

/**
 * Tables that may be those of kallsyms; the one in which `_stext` is where it is to be is right.
 *
 * @param stext address of `_stext`
 */
export function* findKallsyms(
  memory: KernelMemory,
  stext: bigint,
  hasLongNames: boolean,
): Generator<KallsymsTables, void> {
  let left = MAX_TOKEN_TABLES;
  for (let start = 0; start < MAX_IMAGE; start += WINDOW - OVERLAP) {
    const base = stext + BigInt(start);
    const window = readThere(memory, base, WINDOW);
    for (const tokens of tokenTables(window)) {
      // What looks like tokens is nearly always right: more than a few are a trap.
      if (left-- === 0) return;
      const found = { tokenTable: base + BigInt(tokens.start), tokenIndex: base + BigInt(tokens.index) };
      yield* tablesBefore(memory, found, hasLongNames);
    }
  }
}

/** Reads what is there; what is not is zero. */
function readThere(memory: KernelMemory, start: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = Math.min(PAGE - Number((start + BigInt(at)) & 0xfffn), length - at);
    const from = start + BigInt(at);
    const part = tryRead(() => memory.read(from, count));
    if (!isMissing(part)) bytes.set(part, at);
    at += count;
  }
  return bytes;
}

/** Offsets of token tables and their indexes. */
export function* tokenTables(bytes: Uint8Array): Generator<{ start: number; index: number }, void> {
  let left = MAX_CANDIDATES;
  for (let at = bytes.indexOf(0x30); at >= 0 && left > 0; at = bytes.indexOf(0x30, at + 1)) {
    if (!DIGITS.every((byte, i) => bytes[at + i] === byte)) continue;
    left--;
    const second = secondToken(bytes, at);
    const ends = second === null ? null : tokenStarts(bytes, second);
    if (second === null || ends === null) continue;
    const index = indexBehind(bytes, ends, second);
    if (index !== null) yield index;
  }
}

/** Start of the second token, 47 tokens before the digits; where the first begins is not seen. */
function secondToken(bytes: Uint8Array, digits: number): number | null {
  let at = digits;
  for (let token = DIGIT_TOKEN; token > 1; token--) {
    at = bytes.lastIndexOf(0, at - 2) + 1;
    if (at <= 0) return null;
  }
  return at;
}

/** Starts of the tokens from the second on, and the end of the last. */
function tokenStarts(bytes: Uint8Array, second: number): number[] | null {
  const starts = [second];
  for (let token = 1; token < TOKENS; token++) {
    const end = bytes.indexOf(0, starts.at(-1));
    if (end < 0) return null;
    starts.push(end + 1);
  }
  return starts;
}

/** The index that has these starts, right behind the tokens. */
function indexBehind(
  bytes: Uint8Array,
  starts: readonly number[],
  second: number,
): { start: number; index: number } | null {
  const view = new DataView(bytes.buffer);
  const end = starts.at(-1) as number;
  for (let at = end + (end & 1); at < end + MAX_PADDING && at + 2 * TOKENS <= bytes.length; at += 2) {
    const first = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) !== 0 || first === 0 || first > MAX_FIRST_TOKEN) continue;
    const fits = starts
      .slice(0, -1)
      .every((start, i) => view.getUint16(at + 2 * (i + 1), true) === first + start - second);
    if (fits) return { start: second - first, index: at };
  }
  return null;
}

function* tablesBefore(
  memory: KernelMemory,
  tokens: Pick<KallsymsTables, 'tokenTable' | 'tokenIndex'>,
  hasLongNames: boolean,
): Generator<KallsymsTables, void> {
  const base = (tokens.tokenTable & ~7n) - BigInt(MAX_TABLES);
  const bytes = readThere(memory, base, MAX_TABLES);
  const view = new DataView(bytes.buffer);
  const markers = longestMarkers(view);
  if (markers === null) return;
  const names = namesBefore(view, markers, hasLongNames);
  if (names === null) return;
  for (const gap of [4, 8]) {
    const countAt = names - gap;
    const count = view.getUint32(countAt, true);
    if (Math.ceil(count / NAMES_PER_MARKER) !== markers.count) continue;
    const shared = { ...tokens, names: base + BigInt(names), count, hasLongNames };
    const behind = tokens.tokenIndex + BigInt(2 * TOKENS);
    for (const padding of [0n, 4n]) {
      const offsets = ((behind + 3n) & ~3n) + padding;
      const end = offsets + BigInt(4 * count);
      yield { ...shared, offsets, relativeBase: null };
      yield { ...shared, offsets, relativeBase: (end + 7n) & ~7n };
      const relativeBase = base + BigInt(countAt - 8);
      yield { ...shared, offsets: relativeBase - BigInt(4 * count) - padding, relativeBase };
    }
  }
}

/** The longest run of words that begins with 0 and rises as markers do. */
export function longestMarkers(view: DataView): { at: number; count: number } | null {
  let best: { at: number; count: number } | null = null;
  for (let at = 0; at + 4 <= view.byteLength; at += 4) {
    if (view.getUint32(at, true) !== 0) continue;
    let count = 1;
    for (let last = 0; at + 4 * count + 4 <= view.byteLength; count++) {
      const next = view.getUint32(at + 4 * count, true);
      if (next - last < MIN_STEP || next - last > MAX_STEP) break;
      last = next;
    }
    if (count >= MIN_MARKERS && count > (best?.count ?? 0)) best = { at, count };
    // What is inside a run begins none.
    at += 4 * (count - 1);
  }
  return best;
}

/** Where the names begin: where walking over them comes by the first markers. */
export function namesBefore(
  view: DataView,
  { at, count }: { at: number; count: number },
  hasLongNames: boolean,
): number | null {
  const last = at - view.getUint32(at + 4 * (count - 1), true);
  for (let start = last & ~3; start >= Math.max(8, last - MAX_TAIL); start -= 4) {
    let place = start;
    const fits = [1, 2, 3, 4].every((marker) => {
      for (let name = 0; name < NAMES_PER_MARKER && place < at; name++) {
        const length = view.getUint8(place);
        place +=
          hasLongNames && length >= 128 ? 2 + (length & 127) + (view.getUint8(place + 1) << 7) : 1 + length;
      }
      return place - start === view.getUint32(at + 4 * marker, true);
    });
    if (fits) return start;
  }
  return null;
}
