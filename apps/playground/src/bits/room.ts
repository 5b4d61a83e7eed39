// SPDX-License-Identifier: GPL-2.0-only

/** Bits in a row of the register. */
type RowLength = 8 | 16 | 32 | 64;

/** A finger needs so much for a bit. */
const BIT_PX = 24;

/** The inspector, and the gap beside it. */
const INSPECTOR_PX = 344;

/** As many bits in a row as there is room for: 64 on a wide screen, 32 on a laptop, 16 on a phone, 8 on a very small one. */
export function rowLength(widthPx: number): RowLength {
  return ([64, 32, 16] as const).find((bits) => widthPx >= bits * BIT_PX) ?? 8;
}

/**
 * Where the inspector stands: below the register; beside it, where 32 bits in a row leave room for that; or beside what is
 * below a register of one row.
 */
export function inspectorPlace(widthPx: number): 'below' | 'beside' | 'beside-rest' {
  if (rowLength(widthPx) === 64) return 'beside-rest';
  return widthPx >= 32 * BIT_PX + INSPECTOR_PX ? 'beside' : 'below';
}
