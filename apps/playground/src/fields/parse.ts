// SPDX-License-Identifier: GPL-2.0-only
import * as core from '@spte/core';

/** What was typed, read; or what is wrong with it, to be shown beside the field. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string };

/** Short enough for an error message of the packages, which say what fits. */
const MAX_HEX = 1n << 128n;

/** Reads hex. Its range is not checked here. */
export function parseHex(typed: string): Parsed<bigint> {
  const value = core.parseHex(typed);
  if (typed.trim() === '') return { ok: false, error: 'is empty: type a hex number' };
  if (value === null) return { ok: false, error: 'not hex: digits 0-9 and a-f, with or without 0x' };
  if (value >= MAX_HEX) return { ok: false, error: 'too long: 16 digits fit' };
  return { ok: true, value };
}

/** Reads a decimal number. Its range is not checked here. */
export function parseDecimal(typed: string): Parsed<number> {
  const value = core.parseDecimal(typed);
  if (typed.trim() === '') return { ok: false, error: 'is empty: type a decimal number' };
  if (value === null) return { ok: false, error: 'not a decimal number of at most 9 digits' };
  return { ok: true, value };
}
