// SPDX-License-Identifier: GPL-2.0-only
// Runs the programs into which src/wasm/compile.ts turns patterns. The rules of match.ts and cursor.ts hold, so that a
// program fits a line exactly when its pattern does.
import { MAX_FIELD } from '../src/text/limits';
import * as PROGRAM from '../src/wasm/program';
import { ENDS, STARTS, VALUES } from '../src/wasm/state';
import { hexDigits, hexValue, isBlank, isDigit, sameText, skipBlanks } from './text';

/** In place of a form: JavaScript knows better. */
export const UNSURE: usize = 1;

/** The form of a text by the first program that fits it; 0 when none does. */
export function matchFirst(first: usize, at: usize, end: usize): usize {
  for (let program = first; program !== 0; program = load<u32>(program, PROGRAM.NEXT)) {
    const form = run(program, at, end);
    if (form !== 0) return form;
  }
  return 0;
}

function run(program: usize, from: usize, end: usize): usize {
  let token: usize = load<u32>(program, PROGRAM.TOKENS);
  const last = token + <usize>load<u32>(program, PROGRAM.TOKEN_COUNT) * PROGRAM.TOKEN_BYTES;
  const must = token + <usize>load<u32>(program, PROGRAM.REQUIRED) * PROGRAM.TOKEN_BYTES;
  let at = from;
  let fields: usize = 0;
  for (; token < last; token += PROGRAM.TOKEN_BYTES) {
    const kind = load<i32>(token, PROGRAM.KIND);
    if (kind < PROGRAM.SWITCH) {
      let next = load<u32>(token, PROGRAM.TEXT_LENGTH) === 0 ? at : literal(token, at, end);
      if (next === 0) break;
      store<u32>(STARTS + (fields << 2), next);
      switch (kind) {
        case PROGRAM.HEX:
          next = hex(fields, next);
          break;
        case PROGRAM.DECIMAL:
          next = decimal(fields, next);
          break;
        case PROGRAM.DECIMAL_HEX:
          next = decimalHex(fields, next);
          break;
        case PROGRAM.WORD:
          next = word(next);
          break;
        case PROGRAM.FLAGS:
          next = flags(next);
          break;
        case PROGRAM.WORDS:
          next = words(token, next, end);
          break;
        case PROGRAM.POINTER:
          next = hex(fields, next);
          // What the kernel prints in place of an address.
          if (next === 0) return UNSURE;
          break;
        default:
          next = parenthesized(next);
          break;
      }
      if (next === 0) break;
      if (next === UNSURE) return UNSURE;
      store<u32>(ENDS + (fields << 2), next);
      at = next;
      fields++;
      continue;
    }
    const next = kind === PROGRAM.BLANKS ? skipBlanks(at, end) : literal(token, at, end);
    if (kind === PROGRAM.SWITCH) store<u64>(VALUES + (fields++ << 3), <u64>(next !== 0));
    if (next !== 0) at = next;
    else if (kind === PROGRAM.LITERAL) break;
  }
  if (token < must || (load<u32>(program, PROGRAM.WHOLE) !== 0 && at < end)) return 0;
  return load<u32>(<usize>load<u32>(program, PROGRAM.FORMS) + (fields << 2));
}

/** Goes past a text in which a space stands for any blanks; 0 when it is not there. */
function literal(token: usize, at: usize, end: usize): usize {
  const length: usize = load<u32>(token, PROGRAM.TEXT_LENGTH);
  const text: usize = load<u32>(token, PROGRAM.TEXT);
  if (length <= 16 && at + length <= end) {
    // Mostly it stands there as it is.
    const differ = i8x16.bitmask(i8x16.ne(v128.load(at), v128.load(text)));
    if ((differ & ((1 << (<i32>length)) - 1)) === 0) {
      const next = at + length;
      return load<u8>(next) > 32 || load<u8>(next - 1) > 32 ? next : skipBlanks(next, end);
    }
  }
  return looseLiteral(text, length, at, end);
}

function looseLiteral(text: usize, length: usize, from: usize, end: usize): usize {
  let at = from;
  for (let i: usize = 0; i < length; i++) {
    const byte = load<u8>(text + i);
    if (byte === 32) {
      const next = skipBlanks(at, end);
      // An empty field may have left only one space for the two around it.
      if (next === at && at < end && !isBlank(load<u8>(at - 1))) return 0;
      at = next;
    } else if (at < end && load<u8>(at) === byte) at++;
    else return 0;
  }
  return at;
}

function hex(field: usize, at: usize): usize {
  const start = load<u16>(at) === 0x7830 ? at + 2 : at;
  const count = hexDigits(start);
  if (count === 0 || (count === 16 && hexDigits(start + 16) !== 0)) return 0;
  store<u32>(STARTS + (field << 2), start);
  store<u64>(VALUES + (field << 3), hexValue(start, count));
  return start + count;
}

/** Digits of a 32-bit number, at most. */
const MAX_DECIMAL_DIGITS: usize = 10;

function decimal(field: usize, from: usize): usize {
  const negative = load<u8>(from) === 45;
  const start = negative ? from + 1 : from;
  let at = start;
  let value: u64 = 0;
  for (let byte = load<u8>(at); isDigit(byte); byte = load<u8>(++at)) value = value * 10 + (byte - 48);
  if (at === start || at - start > MAX_DECIMAL_DIGITS) return 0;
  store<f64>(VALUES + (field << 3), negative ? -(<f64>value) : <f64>value);
  return at;
}

/** Digits of a number that surely has no more than 64 bits. */
const SURE_DIGITS: usize = 19;

function decimalHex(field: usize, from: usize): usize {
  let at = from;
  let value: u64 = 0;
  for (let byte = load<u8>(at); isDigit(byte); byte = load<u8>(++at)) value = value * 10 + (byte - 48);
  if (at === from) return 0;
  if (at - from > SURE_DIGITS) return UNSURE;
  store<u64>(VALUES + (field << 3), value);
  return at;
}

function word(from: usize): usize {
  let at = from;
  while (true) {
    const low = i8x16.bitmask(i8x16.le_u(v128.load(at), i8x16.splat(32)));
    if (low === 0) {
      at += 16;
      if (at - from >= MAX_FIELD) return 0;
      continue;
    }
    at += ctz(low);
    if (isBlank(load<u8>(at))) break;
    at++;
  }
  return at === from || at - from >= MAX_FIELD ? 0 : at;
}

/** Words up to the one that ends them, without the blanks before that. */
function words(token: usize, from: usize, end: usize): usize {
  const stop: usize = load<u32>(token, PROGRAM.STOP);
  const length: usize = load<u32>(token, PROGRAM.STOP_LENGTH);
  const limit = min(end, from + MAX_FIELD);
  let at = from;
  let last = from;
  while (at < limit) {
    if (sameText(stop, at, length)) return last;
    while (at < limit && !isBlank(load<u8>(at))) at++;
    last = at;
    at = skipBlanks(at, end);
  }
  return 0;
}

function flags(from: usize): usize {
  let at = from;
  while (true) {
    const byte = load<u8>(at);
    const lower: u8 = byte | 0x20;
    const is =
      isDigit(byte) ||
      (lower >= 97 && lower <= 102) ||
      (byte >= 65 && byte <= 90) ||
      byte === 124 ||
      byte === 120;
    if (!is) return at;
    at++;
  }
}

function parenthesized(from: usize): usize {
  let at = from;
  while (true) {
    const text = v128.load(at);
    const ends = i8x16.bitmask(v128.or(i8x16.eq(text, i8x16.splat(41)), i8x16.eq(text, i8x16.splat(10))));
    if (ends !== 0) {
      at += ctz(ends);
      return at === from || at - from >= MAX_FIELD ? 0 : at;
    }
    at += 16;
    if (at - from >= MAX_FIELD) return 0;
  }
}
