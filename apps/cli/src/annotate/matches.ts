// SPDX-License-Identifier: GPL-2.0-only
import type { AnnotatedLine } from '@spte/trace';
import { type FilterOptions, filterTexts, hasFilters } from './filter-options.ts';

/** What filters left of what was looked at. */
export interface Matches {
  /** Lines that were read. */
  readonly of: number;
  /** Lines among them that passed the filters. */
  readonly lines: number;
  /** Entries, exits and faults that were looked at, wanted or not. */
  readonly looked: number;
}

/** The same of a summary, with the filters by their names. */
export interface Filtered extends Matches {
  readonly by: Readonly<Record<string, string>>;
}

/** Counts what filters leave. */
export interface MatchCounter {
  readonly add: (line: AnnotatedLine, fits: boolean) => void;
  readonly merge: (more: Matches | null) => void;
  /** Null where there are no filters. */
  readonly counts: () => Matches | null;
}

const LOOKED_AT: ReadonlySet<string> = new Set(['kvm_exit', 'kvm_page_fault']);

/** Makes a counter of nothing. */
export function matchCounter(options: FilterOptions): MatchCounter {
  const picks = hasFilters(options);
  const sum = { of: 0, lines: 0, looked: 0 };
  return {
    add({ sptes, event }, fits) {
      sum.of++;
      sum.lines += Number(fits);
      sum.looked += sptes.length + Number(LOOKED_AT.has(event));
    },
    merge(more) {
      sum.of += more?.of ?? 0;
      sum.lines += more?.lines ?? 0;
      sum.looked += more?.looked ?? 0;
    },
    counts: () => (picks ? { ...sum } : null),
  };
}

/** What a summary says of the filters; nothing without any. */
export function filteredBy(
  options: FilterOptions,
  matches: Matches | null,
): { readonly filtered?: Filtered } {
  return matches === null ? {} : { filtered: { ...matches, by: filterTexts(options) } };
}

/** The same in words. */
export function filteredText({ lines, of, by }: Filtered): string {
  const filters = Object.entries(by).map(([name, value]) => `--${name} ${value}`);
  return `${lines === 0 ? 'none' : lines} of ${of} lines that were read ${lines === 1 ? 'matches' : 'match'} ${filters.join(' ')}`;
}
