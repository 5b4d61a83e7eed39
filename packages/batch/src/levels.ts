// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel } from '@spte/core';
import { checkColumn, type EntryView } from './entries.ts';

/** The level of all entries (1..5), null when it is not known, or one level per entry in which 0 is "not known". */
export type Levels = number | null | Uint8Array;

/** The entries `from` up to `to`, which all are at one level. */
export interface Span {
  readonly entries: EntryView;
  /** 1..5; null when it is not known. */
  readonly level: number | null;
  readonly from: number;
  readonly to: number;
}

/**
 * Splits entries into spans of one level.
 *
 * @throws TypeError, RangeError when there is no such level, or not one for each entry
 */
export function forEachLevel(entries: EntryView, levels: Levels, work: (span: Span) => void): void {
  const { length } = entries;
  if (levels === null || typeof levels === 'number') {
    if (levels !== null) checkLevel('level', levels);
    work({ entries, level: levels, from: 0, to: length });
    return;
  }
  checkColumn('levels', levels, 'Uint8Array', length);
  for (let from = 0, to = 0; from < length; from = to) {
    const level = levels[from] as number;
    do to++;
    while (to < length && levels[to] === level);
    work({ entries, level: level === 0 ? null : checkLevel('level', level), from, to });
  }
}
