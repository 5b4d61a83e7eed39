// SPDX-License-Identifier: GPL-2.0-only
import { joinHalves } from '@spte/wasm';
import type { FieldKind } from '../events/pattern.ts';
import type { FieldValue } from '../events/record.ts';
import { MAX_FIELD } from '../text/limits.ts';

/** A place in a text. Every step goes forward, so that a line is read in one pass whatever it holds. */
export interface Cursor {
  readonly text: string;
  at: number;
  readonly end: number;
  /** Halves of the hex value that was read last. */
  high: number;
  low: number;
}

/** A cursor at a place of a text. */
export function cursorAt(text: string, at: number, end: number): Cursor {
  return { text, at, end, high: 0, low: 0 };
}

/** The hex value that was read last. */
export function lastValue({ high, low }: Cursor): bigint {
  return joinHalves(high, low);
}

const SPACE = 32;
const NUL = 0;
const ZERO = 48;
const X = 120;

/** Value of a hex digit; -1 for anything else. */
function hexDigit(code: number): number {
  if (code >= ZERO && code <= 57) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

export function isDigit(code: number): boolean {
  return code >= ZERO && code <= 57;
}

/** Whether a code stands between words: a space, a tab, a line end, or the NUL that some kernels leave. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === NUL || (code >= 9 && code <= 13);
}

/** Goes past blanks. */
export function skipBlanks(cursor: Cursor): void {
  while (cursor.at < cursor.end && isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at++;
}

/** Goes past a text in which a space stands for any blanks; false, somewhere within it, when it is not there. */
export function skipLiteral(cursor: Cursor, literal: string): boolean {
  for (let i = 0; i < literal.length; i++) {
    const code = literal.charCodeAt(i);
    if (code === SPACE) {
      // An empty field may have left only one space for the two around it.
      const { at } = cursor;
      skipBlanks(cursor);
      if (cursor.at === at && at < cursor.end && !isBlank(cursor.text.charCodeAt(at - 1))) return false;
    } else if (cursor.at < cursor.end && cursor.text.charCodeAt(cursor.at) === code) cursor.at++;
    else return false;
  }
  return true;
}

/**
 * Reads a field; null when there is none of its kind.
 *
 * @param stop what ends words
 */
export function readField(cursor: Cursor, kind: FieldKind, stop = ''): FieldValue | null {
  switch (kind) {
    case 'hex':
      return readHex(cursor);
    case 'decimal':
      return readDecimal(cursor);
    case 'decimalHex':
      return readDecimalHex(cursor);
    case 'word':
      return readUntil(cursor, isBlank);
    case 'words':
      return readWords(cursor, stop);
    case 'flags':
      return readFlags(cursor);
    case 'pointer':
      return readHex(cursor) ?? readUntil(cursor, isBlank);
    case 'parenthesized':
      return readUntil(cursor, isClosing);
  }
}

const isClosing = (code: number): boolean => code === 41;

/** Most digits of a 64-bit word. */
const HEX_DIGITS = 16;

/** Hex digits with `0x` before them; the cursor stays where it is when there are none, or too many. */
function readHex(cursor: Cursor): string | null {
  const { text, at, end } = cursor;
  const prefixed = text.charCodeAt(at) === ZERO && text.charCodeAt(at + 1) === X;
  const start = prefixed ? at + 2 : at;
  let high = 0;
  let low = 0;
  let i = start;
  for (; i < end; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) break;
    high = (high << 4) | (low >>> 28);
    low = (low << 4) | digit;
  }
  if (i === start || i - start > HEX_DIGITS) return null;
  cursor.at = i;
  cursor.high = high;
  cursor.low = low;
  return prefixed ? text.slice(at, i) : `0x${text.slice(start, i)}`;
}

/** Most digits of a 32-bit number. */
const DECIMAL_DIGITS = 10;

function readDecimal(cursor: Cursor): number | null {
  const { text, at, end } = cursor;
  const negative = text.charCodeAt(at) === 45;
  const start = negative ? at + 1 : at;
  let i = start;
  let value = 0;
  while (i < end && isDigit(text.charCodeAt(i))) value = value * 10 + text.charCodeAt(i++) - ZERO;
  if (i === start || i - start > DECIMAL_DIGITS) return null;
  cursor.at = i;
  return negative ? -value : value;
}

/** Most digits of a 64-bit number. */
const LONG_DIGITS = 20;

/** The same number in hex. */
function readDecimalHex(cursor: Cursor): string | null {
  const { text, at, end } = cursor;
  let i = at;
  while (i < end && isDigit(text.charCodeAt(i))) i++;
  if (i === at || i - at > LONG_DIGITS) return null;
  cursor.at = i;
  return `0x${BigInt(text.slice(at, i)).toString(16)}`;
}

function readUntil(cursor: Cursor, isEnd: (code: number) => boolean): string | null {
  const { text, at } = cursor;
  const end = Math.min(cursor.end, at + MAX_FIELD);
  let i = at;
  while (i < end && !isEnd(text.charCodeAt(i))) i++;
  if (i === at || i - at === MAX_FIELD) return null;
  cursor.at = i;
  return text.slice(at, i);
}

/** Words up to a certain one, without the blanks before that; null when it is not there. */
function readWords(cursor: Cursor, stop: string): string | null {
  const { text, at: start } = cursor;
  const limit = Math.min(cursor.end, start + MAX_FIELD);
  let end = start;
  while (cursor.at < limit) {
    if (text.startsWith(stop, cursor.at)) {
      cursor.at = end;
      return text.slice(start, end);
    }
    while (cursor.at < limit && !isBlank(text.charCodeAt(cursor.at))) cursor.at++;
    end = cursor.at;
    skipBlanks(cursor);
  }
  return null;
}

/** Error codes print as `P|W|0x100000000`, and as nothing when no bit is set. */
function readFlags(cursor: Cursor): string {
  const { text, at, end } = cursor;
  let i = at;
  while (i < end && isFlag(text.charCodeAt(i))) i++;
  cursor.at = i;
  return text.slice(at, i);
}

function isFlag(code: number): boolean {
  // `sptep`, the next word of fast_page_fault, has none of these letters at its beginning.
  return hexDigit(code) >= 0 || (code >= 65 && code <= 90) || code === 124 || code === X;
}
