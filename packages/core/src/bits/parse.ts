// SPDX-License-Identifier: GPL-2.0-only

const HEX = /^(?:0x)?([\da-f]+)$/i;
const DECIMAL = /^\d{1,9}$/;

/**
 * Reads hex as people type it: with or without `0x`, in either case; spaces and `_` between digits do not count.
 *
 * @returns null for a text that is not a hex number; a number of any size for one that is
 */
export function parseHex(text: string): bigint | null {
  const digits = HEX.exec(text.replaceAll(/[\s_]/g, ''))?.[1];
  return digits === undefined ? null : BigInt(`0x${digits}`);
}

/**
 * Reads a decimal number of at most nine digits, spaces around it aside.
 *
 * @returns null for any other text
 */
export function parseDecimal(text: string): number | null {
  return DECIMAL.test(text.trim()) ? Number(text) : null;
}
