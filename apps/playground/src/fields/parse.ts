// SPDX-License-Identifier: GPL-2.0-only

/** What was typed, read; or what is wrong with it, to be shown beside the field. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string };

const HEX = /^(?:0x)?[\da-f]+$/i;
const DECIMAL = /^\d{1,9}$/;

/** Long enough for any 64-bit word, short enough for an error message. */
const MAX_HEX = 32;

/** Reads hex with or without `0x`; `_` and spaces between digits do not count. Its range is not checked here. */
export function parseHex(typed: string): Parsed<bigint> {
  const text = typed.replaceAll(/[\s_]/g, '');
  if (text === '') return { ok: false, error: 'is empty: type a hex number' };
  if (!HEX.test(text)) return { ok: false, error: 'not hex: digits 0-9 and a-f, with or without 0x' };
  if (text.length > MAX_HEX)
    return { ok: false, error: `too long: ${text.length} characters, 16 digits fit` };
  return { ok: true, value: BigInt(/^0x/i.test(text) ? text : `0x${text}`) };
}

/** Reads a decimal number. Its range is not checked here. */
export function parseDecimal(typed: string): Parsed<number> {
  const text = typed.trim();
  if (text === '') return { ok: false, error: 'is empty: type a decimal number' };
  if (!DECIMAL.test(text)) return { ok: false, error: 'not a decimal number of at most 9 digits' };
  return { ok: true, value: Number(text) };
}
