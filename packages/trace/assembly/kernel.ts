// SPDX-License-Identifier: GPL-2.0-only
// Reads lines of a trace by the programs that src/wasm/compile.ts makes of the patterns, and appends them to columns, or
// writes them as JSON. No event, pattern or rule of KVM's is written here.
//
// What it takes is what src/lines/reader.ts would have given; any line of which that is not sure goes to JavaScript: one with
// a quote mark before it or bytes beyond ASCII, one that is long, broken or of a form not met yet, a text of the log.

import * as PROGRAM from '../src/wasm/program';
import {
  AS_JSON,
  EVENT_SLOT_BITS,
  EVENT_SLOT_BYTES,
  EVENT_SLOTS,
  FORM,
  LINE,
  LINE_END,
  LOG_START_COUNT,
  LOG_STARTS,
  PASSED,
  POSITION,
  RECOGNISED,
  SLOT_EVENT,
} from '../src/wasm/state';
import { DECLINED, DONE, PASSED_ON, TAKEN } from '../src/wasm/status';
import { addRow } from './add-row';
import { readHeader } from './header';
import { writeLine } from './json';
import { matchFirst, UNSURE } from './match';
import { NEWLINE, sameText, skipBlanks } from './text';

export { wordId } from './dictionary';

/** Bytes of a line that is taken here, at most. */
const MAX_LINE: usize = 4096;

const COLON: u8 = 58;
const QUOTE: u8 = 62;

/** The first four bytes of what marks lost events, as src/lines/lost-events.ts has them: `# en`, `####`, `CPU:`. */
const ENTRIES_MARK: u32 = 0x6e65_2023;
const BUFFER_MARK: u32 = 0x2323_2323;
const CPU_MARK: u32 = 0x3a55_5043;

/** The event that `findEvent()` found, and where its name ends. */
let event: usize = 0;
let nameEnd: usize = 0;

/**
 * Takes lines one after the other.
 *
 * @param at where the first begins
 * @param end of the input; sixteen bytes after it may be read, and are not looked at
 * @returns why it stopped; the state says where
 */
export function scan(at: usize, end: usize): i32 {
  let line = load<f64>(LINE);
  let recognised = 0;
  let passed = 0;
  let status: i32;
  let start = at;
  let lineEnd: usize;
  while (true) {
    lineEnd = findEnd(start, end);
    if (lineEnd === 0) {
      status = DONE;
      break;
    }
    status = lineEnd === UNFIT ? decline(start, end) : takeLine(start, lineEnd, line);
    if (status === TAKEN) recognised++;
    else if (status === PASSED_ON) passed++;
    else break;
    line += 1;
    start = lineEnd + 1;
  }
  store<u32>(POSITION, start);
  store<u32>(LINE_END, lineEnd);
  store<f64>(LINE, line);
  store<u32>(RECOGNISED, load<u32>(RECOGNISED) + recognised);
  store<u32>(PASSED, load<u32>(PASSED) + passed);
  return status;
}

/** In place of a line's end: it is not one for the kernel. */
const UNFIT: usize = 1;

/** An unfit line is JavaScript's, if it is there to its end. */
function decline(start: usize, end: usize): i32 {
  for (let at = start; at < end; at++) if (load<u8>(at) === NEWLINE) return DECLINED;
  return DONE;
}

/**
 * Looks for the end of a line, and for the first name before a colon that is an event; 0 when the line does not end,
 * `UNFIT` when it is long or has bytes beyond ASCII.
 */
function findEnd(start: usize, end: usize): usize {
  event = 0;
  const newline = i8x16.splat(NEWLINE);
  const colon = i8x16.splat(COLON);
  // A name ends with a letter: most colons, in times, do not count.
  const letter = i8x16.splat(97);
  let last = 0;
  let at = start;
  while (at < end) {
    const text = v128.load(at);
    // Bytes beyond ASCII have the bit set that counts.
    const others = i8x16.bitmask(v128.or(text, i8x16.eq(text, newline)));
    const letters = i8x16.bitmask(i8x16.ge_u(text, letter));
    let marks = others | (i8x16.bitmask(i8x16.eq(text, colon)) & ((letters << 1) | last));
    last = letters >> 15;
    for (; marks !== 0; marks &= marks - 1) {
      const place = at + ctz(marks);
      if ((others & marks & -marks) !== 0) return endAt(start, place, end);
      findEvent(start, place);
      if (event !== 0) return findNewline(start, place + 1, end);
    }
    at += 16;
  }
  return 0;
}

/** The same when the event is found. */
function findNewline(start: usize, from: usize, end: usize): usize {
  const newline = i8x16.splat(NEWLINE);
  for (let at = from; at < end; at += 16) {
    const text = v128.load(at);
    const marks = i8x16.bitmask(v128.or(text, i8x16.eq(text, newline)));
    if (marks !== 0) return endAt(start, at + ctz(marks), end);
  }
  return 0;
}

/** What is at a place: a newline, or what is no byte of ASCII. */
function endAt(start: usize, place: usize, end: usize): usize {
  if (place >= end) return 0;
  return load<u8>(place) === NEWLINE && place - start <= MAX_LINE ? place : UNFIT;
}

/** Notes the event whose name ends at a colon, if it is one's. */
function findEvent(start: usize, colon: usize): void {
  if (colon - start < 8) return;
  const last = load<u64>(colon - 8);
  let slot = <usize>((last * 0x9e37_79b9_7f4a_7c15) >> (64 - EVENT_SLOT_BITS));
  while (true) {
    const place = EVENT_SLOTS + slot * EVENT_SLOT_BYTES;
    const found: usize = load<u32>(place, SLOT_EVENT);
    if (found === 0) return;
    if (load<u64>(place) === last && isNamed(found, start, colon)) {
      event = found;
      nameEnd = colon;
      return;
    }
    slot = (slot + 1) & ((1 << (<usize>EVENT_SLOT_BITS)) - 1);
  }
}

function isNamed(found: usize, start: usize, colon: usize): bool {
  const length: usize = load<u32>(found, PROGRAM.NAME_LENGTH);
  const at = colon - length;
  if (colon - start < length || !sameText(load<u32>(found, PROGRAM.NAME), at, length)) return false;
  return at === start || !isNameByte(load<u8>(at - 1));
}

function isNameByte(byte: u8): bool {
  return <u8>(byte - 97) < 26 || byte === 95 || <u8>(byte - 48) <= 9;
}

function takeLine(start: usize, lineEnd: usize, line: f64): i32 {
  if (isQuoted(start)) return DECLINED;
  return event === 0 ? pass(start, lineEnd) : take(start, lineEnd, line);
}

/** Whether a mail's quote mark stands before the line. */
function isQuoted(start: usize): bool {
  let at = start;
  while (load<u8>(at) === 32) at++;
  return load<u8>(at) === QUOTE;
}

/**
 * A line without an event says nothing, unless it is a text of the log, all of which have a certain word, or may be a
 * mark of lost events: these begin in one of three ways, or have a word in capitals.
 */
function pass(start: usize, end: usize): i32 {
  let first = start;
  while (load<u8>(first) === 32) first++;
  const mark = load<u32>(first);
  if (mark === ENTRIES_MARK || mark === BUFFER_MARK || mark === CPU_MARK) return DECLINED;
  for (let at = start; at < end; at += 16) {
    const line = v128.load(at);
    const text = v128.or(line, i8x16.splat(0x20));
    for (
      let capitals = i8x16.bitmask(i8x16.eq(line, i8x16.splat(80)));
      capitals !== 0;
      capitals &= capitals - 1
    ) {
      // PERF
      if (load<u32>(at + ctz(capitals)) === 0x4652_4550) return DECLINED;
    }
    let letters = i8x16.bitmask(i8x16.eq(text, i8x16.splat(115)));
    for (; letters !== 0; letters &= letters - 1) {
      const place = at + ctz(letters);
      // spte, in whatever case
      if (place < end && (load<u32>(place) | 0x2020_2020) === 0x6574_7073) {
        return hasLogText(start, end) ? DECLINED : PASSED_ON;
      }
    }
  }
  return PASSED_ON;
}

/** Whether the beginning of a text of the log is there. */
function hasLogText(start: usize, end: usize): bool {
  const last: usize = <usize>load<u32>(LOG_STARTS) + ((<usize>load<u32>(LOG_START_COUNT)) << 3);
  for (let entry: usize = load<u32>(LOG_STARTS); entry < last; entry += 8) {
    const text: usize = load<u32>(entry);
    const length: usize = load<u32>(entry, 4);
    const first = i8x16.splat(load<u8>(text));
    for (let at = start; at < end; at += 16) {
      let marks = i8x16.bitmask(i8x16.eq(v128.load(at), first));
      for (; marks !== 0; marks &= marks - 1) if (sameText(at + ctz(marks), text, length)) return true;
    }
  }
  return false;
}

function take(start: usize, lineEnd: usize, line: f64): i32 {
  const body = skipBlanks(nameEnd + 1, lineEnd);
  const form = matchFirst(load<u32>(event, PROGRAM.FIRST_PROGRAM), body, lineEnd);
  if (form <= UNSURE) return DECLINED;
  let name = nameEnd - load<u32>(event, PROGRAM.NAME_LENGTH);
  // perf puts the subsystem before the event.
  if (name > start && load<u8>(name - 1) === COLON) {
    name--;
    while (name > start && isNameByte(load<u8>(name - 1))) name--;
  }
  if (!readHeader(start, name)) return DECLINED;
  store<u32>(FORM, form);
  store<f64>(LINE, line);
  return load<u32>(AS_JSON) === 0 ? addRow(form) : writeLine(form);
}
