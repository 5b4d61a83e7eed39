// SPDX-License-Identifier: GPL-2.0-only
// Runs the programs into which src/compile.ts turns patterns. The rules of match.ts and cursor.ts hold, so that a
// program fits a line exactly when its pattern does.
import { ENDS, STARTS, VALUES } from '../src/wasm/state';
import { hexDigits, hexValue, isBlank, isDigit, skipBlanks } from './text';

// A program: the next one to try, its tokens, how many, how many of them must fit, whether the line must end with it,
// and its forms by the number of fields.
const TOKENS: usize = 4;
const COUNT: usize = 8;
const REQUIRED: usize = 12;
const WHOLE: usize = 16;
const FORMS: usize = 20;

// A token: what it is, the text before it, the length of that.
const TOKEN_BYTES: usize = 12;
const TEXT: usize = 4;
const LENGTH: usize = 8;

// Kinds of tokens, as in src/compile.ts: a field with a text before it, or one of the last four.
const HEX: u32 = 0;
const DECIMAL: u32 = 1;
const DECIMAL_HEX: u32 = 2;
const WORD: u32 = 3;
const FLAGS: u32 = 4;
const POINTER: u32 = 5;
const PARENTHESIZED: u32 = 6;
/** A field that says whether the text is there. */
const SWITCH: u32 = 7;
/** A text alone, one that may be missing, and any blanks. */
const LITERAL: u32 = 8;
const OPTIONAL: u32 = 9;

/** In place of a form: JavaScript knows better. */
export const UNSURE: usize = 1;

/** The form of a text by the first program that fits it; 0 when none does. */
export function matchFirst(first: usize, at: usize, end: usize): usize {
  for (let program = first; program !== 0; program = load<u32>(program)) {
    const form = run(program, at, end);
    if (form !== 0) return form;
  }
  return 0;
}

function run(program: usize, from: usize, end: usize): usize {
  let token: usize = load<u32>(program, TOKENS);
  const last = token + <usize>load<u32>(program, COUNT) * TOKEN_BYTES;
  const must = token + <usize>load<u32>(program, REQUIRED) * TOKEN_BYTES;
  let at = from;
  let fields: usize = 0;
  for (; token < last; token += TOKEN_BYTES) {
    const kind = load<u32>(token);
    if (kind <= PARENTHESIZED) {
      let next = load<u32>(token, LENGTH) === 0 ? at : literal(token, at, end);
      if (next === 0) break;
      store<u32>(STARTS + (fields << 2), next);
      switch (kind) {
        case HEX:
          next = hex(fields, next);
          break;
        case DECIMAL:
          next = decimal(fields, next);
          break;
        case DECIMAL_HEX:
          next = decimalHex(fields, next);
          break;
        case WORD:
          next = word(next);
          break;
        case FLAGS:
          next = flags(next);
          break;
        case POINTER:
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
    const next = kind > OPTIONAL ? skipBlanks(at, end) : literal(token, at, end);
    if (kind === SWITCH) store<u64>(VALUES + (fields++ << 3), <u64>(next !== 0));
    if (next !== 0) at = next;
    else if (kind === LITERAL) break;
  }
  if (token < must || (load<u32>(program, WHOLE) !== 0 && at < end)) return 0;
  return load<u32>(<usize>load<u32>(program, FORMS) + (fields << 2));
}

/** Goes past a text in which a space stands for any blanks; 0 when it is not there. */
function literal(token: usize, at: usize, end: usize): usize {
  const length: usize = load<u32>(token, LENGTH);
  const text: usize = load<u32>(token, TEXT);
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

/** Most digits of a 32-bit number. */
const DECIMAL_DIGITS: usize = 10;

function decimal(field: usize, from: usize): usize {
  const negative = load<u8>(from) === 45;
  const start = negative ? from + 1 : from;
  let at = start;
  let value: u64 = 0;
  for (let byte = load<u8>(at); isDigit(byte); byte = load<u8>(++at)) value = value * 10 + (byte - 48);
  if (at === start || at - start > DECIMAL_DIGITS) return 0;
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

/** Longest field that is believed. */
const LONGEST: usize = 256;

function word(from: usize): usize {
  let at = from;
  while (true) {
    const low = i8x16.bitmask(i8x16.le_u(v128.load(at), i8x16.splat(32)));
    if (low === 0) {
      at += 16;
      if (at - from >= LONGEST) return 0;
      continue;
    }
    at += ctz(low);
    if (isBlank(load<u8>(at))) break;
    at++;
  }
  return at === from || at - from >= LONGEST ? 0 : at;
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
      return at === from || at - from >= LONGEST ? 0 : at;
    }
    at += 16;
    if (at - from >= LONGEST) return 0;
  }
}
