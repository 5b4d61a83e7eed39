// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';
import type { Cell } from './cells.ts';
import type { Owner } from './owners.ts';
import { fieldWords, shortName } from './short-names.ts';

/** Adjacent bits of one field in a row of the register, with what stands under them. */
export interface Bracket {
  readonly high: number;
  readonly low: number;
  readonly owner: Owner;
  readonly text: string;
  readonly wrong: boolean;
}

/** Characters of a bracket's text that fit under a bit. */
const CHARACTERS_PER_BIT = 3.4;

/** The brackets under a row of cells. */
export function bracketsOf(row: readonly Cell[]): Bracket[] {
  const runs: Cell[][] = [];
  for (const cell of row) {
    const run = runs.at(-1);
    if (run?.[0]?.field === cell.field && run.at(-1)?.bit === cell.bit + 1) run.push(cell);
    else runs.push([cell]);
  }
  return runs.map((run) => {
    const [first] = run as [Cell, ...Cell[]];
    return {
      high: first.bit,
      low: first.bit - run.length + 1,
      owner: first.owner,
      text: bracketText(first.field, run.length),
      wrong: run.some(({ wrong }) => wrong),
    };
  });
}

/** What is said of a field under so many bits: as much of its name and value as fits. */
export function bracketText(field: DecodedField, bits: number): string {
  const { name } = field;
  if (bits === 1) return shortName(name);
  const words = fieldWords(name);
  const hasValue = (field.mask & (field.mask - 1n)) !== 0n && field.owner !== 'none' && name !== 'reserved';
  const choices = hasValue ? [`${words} ${field.text}`, `${shortName(name)} ${field.text}`, words] : [words];
  return choices.find((text) => text.length <= bits * CHARACTERS_PER_BIT) ?? shortName(name);
}
