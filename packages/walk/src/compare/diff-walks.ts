// SPDX-License-Identifier: GPL-2.0-only
import type { WalkEntry } from '../walk/entry.ts';

/** An entry that only the second walk has. */
export interface AddedEntry {
  /** Tells the changes apart. */
  readonly change: 'added';
  /** The first walk has no such entry. */
  readonly before: null;
  /** The entry of the second walk. */
  readonly after: WalkEntry;
}

/** An entry that only the first walk has. */
export interface RemovedEntry {
  /** Tells the changes apart. */
  readonly change: 'removed';
  /** The entry of the first walk. */
  readonly before: WalkEntry;
  /** The second walk has no such entry. */
  readonly after: null;
}

/** An entry that is another word in the second walk. */
export interface ChangedEntry {
  /** Tells the changes apart. */
  readonly change: 'changed';
  /** The entry of the first walk. */
  readonly before: WalkEntry;
  /** The entry of the second walk, at the same level and gpa. */
  readonly after: WalkEntry;
}

/** A difference between two walks, at one level and gpa. */
export type WalkChange = AddedEntry | RemovedEntry | ChangedEntry;

/**
 * Compares two walks entry by entry, level and gpa against level and gpa.
 *
 * Lazy, and in bounded memory: both walks go on side by side, and the one that is read no further is closed. An entry
 * that differs only in where its table lies is not a change; a table's entry that points elsewhere is one.
 *
 * ```ts
 * for (const { change, before, after } of diffWalks(walk(mmu, old, root), walk(mmu, now, root))) { … }
 * ```
 *
 * @param before entries in the order of a walk, of which some may be left out
 * @param after as `before`
 * @returns the differences in address order, a table's before what is below it
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { bytesMemory, diffWalks, walk } from '@spte/walk';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const walkOf = (spte: bigint) => {
 *   const image = new Uint8Array(0x1000);
 *   new DataView(image.buffer).setBigUint64(8, spte, true);
 *   return walk(mmu, bytesMemory(image), { root: 0n, level: 1 });
 * };
 * const [found] = diffWalks(walkOf(0x42b4e67n), walkOf(0x42b4e25n));
 * `${found?.change} at ${found?.after?.gpa}`; // changed at 4096
 * [...diffWalks(walkOf(0x42b4e67n), walkOf(0x42b4e67n))]; // []
 * ```
 */
export function* diffWalks(
  before: Iterable<WalkEntry>,
  after: Iterable<WalkEntry>,
): Generator<WalkChange, void, void> {
  const olds = before[Symbol.iterator]();
  const news = after[Symbol.iterator]();
  try {
    let a = next(olds);
    let b = next(news);
    while (a !== null || b !== null) {
      const order = compare(a, b);
      if (order < 0) {
        yield { change: 'removed', before: a as WalkEntry, after: null };
        a = next(olds);
      } else if (order > 0) {
        yield { change: 'added', before: null, after: b as WalkEntry };
        b = next(news);
      } else {
        const [old, now] = [a as WalkEntry, b as WalkEntry];
        if (old.spte !== now.spte) yield { change: 'changed', before: old, after: now };
        a = next(olds);
        b = next(news);
      }
    }
  } finally {
    olds.return?.();
    news.return?.();
  }
}

function next(entries: Iterator<WalkEntry>): WalkEntry | null {
  const result = entries.next();
  return result.done === true ? null : result.value;
}

/** The order of a walk; a walk that is at its end comes last. */
function compare(a: WalkEntry | null, b: WalkEntry | null): number {
  if (a === null) return 1;
  if (b === null) return -1;
  if (a.gpa !== b.gpa) return a.gpa < b.gpa ? -1 : 1;
  return b.level - a.level;
}
