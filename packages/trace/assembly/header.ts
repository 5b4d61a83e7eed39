// SPDX-License-Identifier: GPL-2.0-only
// Reads what stands before an event, from its end backwards, as header.ts does; declines what is rare.
import { MAX_HEADER, MAX_TIME_DIGITS } from '../src/text/limits';
import {
  MAX_WHO,
  WHO_CPU,
  WHO_LENGTH,
  WHO_PID,
  WHO_TASK,
  WHO_TASK_END,
  WHO_TASK_ID,
  WHO_TEXT,
} from '../src/wasm/state';
import { backOverBlanks, isBlank, isDigit, SPACE, skipBlanks } from './text';

const COLON: u8 = 58;
const DOT: u8 = 46;
const MINUS: u8 = 45;
const SLASH: u8 = 47;
const OPEN: u8 = 40;
const CLOSE: u8 = 41;
const OPEN_BRACKET: u8 = 91;
const CLOSE_BRACKET: u8 = 93;

/** Digits of a number, at most. */
const MAX_DIGITS: usize = 9;

/** What the header said last. A time of no digits: the line has no header. */
export let time: u64 = 0;
/** Digits after the dot; 255 for no time. */
export let timeDigits: u32 = 255;
export let timeStart: usize = 0;
export let timeEnd: usize = 0;

/** Reads the header between two places; false when JavaScript must. */
export function readHeader(start: usize, end: usize): bool {
  if (end - start > MAX_HEADER) return false;
  const colon = backOverBlanks(end, start) - 1;
  timeDigits = 255;
  // `colon` is before `start` when there is nothing but blanks.
  if (<isize>(colon - start) <= 0 || load<u8>(colon) !== COLON) {
    nobody();
    return true;
  }
  return readTime(start, colon) && readWho(start, timeStart);
}

function nobody(): void {
  store<u32>(WHO_LENGTH, 0);
  store<i32>(WHO_TASK_ID, -1);
  store<u32>(WHO_TASK, 0);
  store<u32>(WHO_TASK_END, 0);
  store<f64>(WHO_CPU, -1);
  store<f64>(WHO_PID, -1);
}

/** `5.892991`, up to the colon: the digits as one number, and how many stand after the dot. */
function readTime(start: usize, colon: usize): bool {
  let at = colon;
  let value: u64 = 0;
  let unit: u64 = 1;
  let digits = 0;
  let after = -1;
  while (at > start) {
    const byte = load<u8>(at - 1);
    if (isDigit(byte)) {
      value += <u64>(byte - 48) * unit;
      unit *= 10;
      if (++digits > MAX_TIME_DIGITS) return false;
    } else if (byte === DOT && after < 0) after = digits;
    else if (isBlank(byte)) break;
    else return false;
    at--;
  }
  // A dot must stand between digits.
  if (digits === 0 || after === 0 || after === digits) return false;
  time = value;
  timeDigits = after < 0 ? 0 : after;
  timeStart = at;
  timeEnd = colon;
  return true;
}

/** `task-pid`, `[cpu]` and flags, up to the time. */
function readWho(start: usize, end: usize): bool {
  let close = end;
  do {
    if (close === start) return false;
    close--;
  } while (load<u8>(close) !== CLOSE_BRACKET);
  const length = close - start;
  if (sameWho(start, length)) return true;
  store<u32>(WHO_LENGTH, 0);
  if (!readCpu(start, close)) return false;
  if (length <= MAX_WHO) {
    memory.copy(WHO_TEXT, start, length);
    store<u32>(WHO_LENGTH, length);
  }
  store<i32>(WHO_TASK_ID, -1);
  return true;
}

/** Mostly the same task goes on, on the same CPU. */
function sameWho(start: usize, length: usize): bool {
  if (<usize>load<u32>(WHO_LENGTH) !== length) return false;
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    if (i8x16.bitmask(i8x16.ne(v128.load(start + i), v128.load(WHO_TEXT + i))) !== 0) return false;
  }
  const differ = i8x16.bitmask(i8x16.ne(v128.load(start + i), v128.load(WHO_TEXT + i)));
  return (differ & ((1 << (<i32>(length - i))) - 1)) === 0;
}

/** Where the digits begin that end at a place; 0 when there are none, or too many. */
function digitsBefore(end: usize, start: usize): usize {
  let at = end;
  while (at > start && isDigit(load<u8>(at - 1))) at--;
  return at === end || end - at > MAX_DIGITS ? 0 : at;
}

function numberAt(from: usize, end: usize): f64 {
  let value: u32 = 0;
  for (let at = from; at < end; at++) value = value * 10 + (load<u8>(at) - 48);
  return <f64>value;
}

function readCpu(start: usize, close: usize): bool {
  const cpu = digitsBefore(close, start);
  if (cpu <= start || load<u8>(cpu - 1) !== OPEN_BRACKET) return false;
  store<f64>(WHO_CPU, numberAt(cpu, close));
  return readTask(start, backOverGroup(backOverBlanks(cpu - 1, start), start));
}

/** The thread group in parentheses, with the blanks before it. */
function backOverGroup(end: usize, start: usize): usize {
  if (end === start || load<u8>(end - 1) !== CLOSE) return end;
  let open = end;
  do {
    if (open === start) return end;
    open--;
  } while (load<u8>(open) !== OPEN);
  return backOverBlanks(open, start);
}

/** `name-pid`, `name pid` or `name pid/tid`. */
function readTask(start: usize, end: usize): bool {
  const from = skipBlanks(start, end);
  const thread = digitsBefore(end, from);
  if (thread <= from) return false;
  let at = thread;
  if (load<u8>(at - 1) === SLASH) {
    const process = digitsBefore(at - 1, from);
    if (process <= from) return false;
    at = process;
  }
  const separator = load<u8>(at - 1);
  if (separator !== MINUS && separator !== SPACE) return false;
  const nameEnd = backOverBlanks(at - 1, from);
  if (nameEnd === from) return false;
  store<f64>(WHO_PID, numberAt(thread, end));
  store<u32>(WHO_TASK, from);
  store<u32>(WHO_TASK_END, nameEnd);
  return true;
}
