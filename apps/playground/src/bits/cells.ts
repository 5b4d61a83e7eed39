// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';
import { bitRanges, hasBit } from './bit-ranges.ts';
import { type Family, fieldStyle } from './field-style.ts';

/** Bits in a row of the ruler: by the room that the page has. */
type RowWidth = 8 | 16 | 32;

/** One bit of the ruler. */
export interface Cell {
  readonly bit: number;
  readonly set: boolean;
  /** The field that the bit belongs to. */
  readonly field: DecodedField;
  readonly family: Family;
  readonly label: CellLabel | null;
  /** Whether something is wrong with it. */
  readonly wrong: boolean;
  /** Whether it differs in the entry to which this one is compared. */
  readonly differs: boolean;
}

/** The name of a field, at the first of its bits in a row. */
interface CellLabel {
  readonly text: string;
  /** The widest rows in which the bit is the first of its field; null when it is in any row. */
  readonly upTo: RowWidth | null;
}

const ROW_WIDTHS: readonly RowWidth[] = [32, 16, 8];

/** Characters of a label that fit in a cell of the narrowest ruler. */
const CHARACTERS_PER_CELL = 3;

/**
 * The 64 bits of a value, highest first.
 *
 * @param fields cover each bit once
 * @param wrong the bits with which something is wrong
 * @param differing the bits that differ in another entry, if there is one
 */
export function cellsOf(
  value: bigint,
  fields: readonly DecodedField[],
  wrong: bigint,
  differing = 0n,
): Cell[] {
  const cells: Cell[] = [];
  for (const field of fields) {
    const { family } = fieldStyle(field.name);
    for (const { high, low } of bitRanges(field.mask)) {
      for (let bit = high; bit >= low; bit--) {
        const label = family === 'ignored' ? null : labelAt(bit, high, low, field.name);
        cells.push({
          bit,
          set: hasBit(value, bit),
          field,
          family,
          label,
          wrong: hasBit(wrong, bit),
          differs: hasBit(differing, bit),
        });
      }
    }
  }
  return cells.toSorted((a, b) => b.bit - a.bit);
}

function labelAt(bit: number, high: number, low: number, name: string): CellLabel | null {
  const upTo = bit === high ? null : ROW_WIDTHS.find((width) => bit % width === width - 1);
  if (upTo === undefined) return null;
  // Room to the end of the field or of the narrowest row.
  const room = Math.min(bit - low, bit % 8) + 1;
  return { text: labelOf(name, room), upTo };
}

/** The name of a field, or its short one where there is room for few bits only. */
export function labelOf(name: string, room: number): string {
  return name.length <= room * CHARACTERS_PER_CELL ? name : fieldStyle(name).short;
}
