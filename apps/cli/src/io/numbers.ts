// SPDX-License-Identifier: GPL-2.0-only
import { parseHex, U64_MAX } from '@spte/core';

/** Longest text of a number, with all that may stand around it. */
const MAX_LENGTH = 128;

/** What a debugger, a C source or a log puts around a number. */
const AROUND = /^["'`([{<\s]+|["'`)\]}>,;.\s]+$/g;

/** A name before it: `spte=0x…`, `old_spte: 0x…`. It is not hex itself, as half a word might be. */
const NAME = /^(?![\dA-Fa-f]{1,16}[=:])[A-Za-z_]\w{0,63}\s{0,8}[=:]\s{0,8}/;

/** C's suffixes, and the `h` of assemblers. */
const SUFFIX = /(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU]|[hH])$/;

/** Two halves: WinDbg's backquote, or `_`, `:`, blanks. */
const HALVES = /^(0[xX])?([\dA-Fa-f]{1,8})[`_:\s]([\dA-Fa-f]{8})$/;

/** Decimal, as WinDbg and bash mark it. */
const DECIMAL = /^(?:0n|10#|dec:)(\d{1,20})$/i;

/**
 * Reads a 64-bit word as people copy it: hex with `0x` or without, with what a C source, a debugger or a log puts around
 * it. Decimal only where it is marked: `0n123`. Null for anything else.
 */
export function readWord(text: string): bigint | null {
  if (text.length > MAX_LENGTH) return null;
  const bare = text.replaceAll(AROUND, '').replace(NAME, '').replaceAll(AROUND, '');
  const [, decimal] = DECIMAL.exec(bare) ?? [];
  const [, , high, low] = HALVES.exec(bare) ?? [];
  const value =
    decimal === undefined
      ? parseHex(high === undefined || low === undefined ? bare.replace(SUFFIX, '') : high + low)
      : BigInt(decimal);
  return value !== null && value <= U64_MAX ? value : null;
}
