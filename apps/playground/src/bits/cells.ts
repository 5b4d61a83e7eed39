// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';
import { bitRanges, hasBit } from './bit-ranges.ts';
import { type Owner, ownerOf } from './owners.ts';

/** One bit of the register. */
export interface Cell {
  readonly bit: number;
  readonly set: boolean;
  /** The field that the bit belongs to. */
  readonly field: DecodedField;
  readonly owner: Owner;
  /** Whether something is wrong with it. */
  readonly wrong: boolean;
  /** Whether it differs in the entry to which this one is compared. */
  readonly differs: boolean;
}

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
    const owner = ownerOf(field);
    for (const { high, low } of bitRanges(field.mask)) {
      for (let bit = high; bit >= low; bit--) {
        cells.push({
          bit,
          set: hasBit(value, bit),
          field,
          owner,
          wrong: hasBit(wrong, bit),
          differs: hasBit(differing, bit),
        });
      }
    }
  }
  return cells.toSorted((a, b) => b.bit - a.bit);
}
