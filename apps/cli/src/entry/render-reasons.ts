// SPDX-License-Identifier: GPL-2.0-only
import { placeText, type Reason } from '@spte/core';

/** A line for each reason, in the kernel's order. */
export function reasonLines(reasons: readonly Reason[]): string[] {
  const rows = reasons.map(({ bits, why }) => [`0x${bits.toString(16)}`, placeText(bits), why]);
  const width = (column: number): number => Math.max(0, ...rows.map((row) => (row[column] ?? '').length));
  const [values, places] = [width(0), width(1)];
  return rows.map(
    ([value = '', place = '', why = '']) => `  ${value.padStart(values)}  ${place.padEnd(places)}  ${why}`,
  );
}
