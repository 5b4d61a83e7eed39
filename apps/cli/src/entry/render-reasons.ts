// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers, type Reason } from '@spte/core';

/** `63`, `51:12`, or `57..9` for bits that do not stand together. */
function bitRange(mask: bigint): string {
  const numbers = bitNumbers(mask);
  const [low = 0, high = 0] = [numbers[0], numbers.at(-1)];
  if (low === high) return `${low}`;
  return `${high}${numbers.length === high - low + 1 ? ':' : '..'}${low}`;
}

/** A line for each reason, in the kernel's order. */
export function reasonLines(reasons: readonly Reason[]): string[] {
  const rows = reasons.map(({ bits, why }) => [`0x${bits.toString(16)}`, bitRange(bits), why]);
  const width = (column: number): number => Math.max(0, ...rows.map((row) => (row[column] ?? '').length));
  const [values, places] = [width(0), width(1)];
  return rows.map(
    ([value = '', place = '', why = '']) => `  ${value.padStart(values)}  ${place.padEnd(places)}  ${why}`,
  );
}
