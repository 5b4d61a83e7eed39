// SPDX-License-Identifier: GPL-2.0-only
import { type BlankTest, type Frame, isBlankAt } from './frame.ts';

/** How far a walk has come. */
export interface WalkProgress {
  /** Tables read so far, the root included. */
  readonly tables: number;
  /** First gpa of the table that was just read, in bytes. */
  readonly gpa: bigint;
  /** Share of the walk that is done, 0..1, as the tables above the current one tell: it grows, but not evenly. */
  readonly done: number;
}

/** Hears how far a walk has come; it may abort it. */
export type ProgressListener = (progress: WalkProgress) => void;

/**
 * Share of the walk that is done.
 *
 * @param stack the tables from the root down to the one that was just entered; those above it have gone on to the entry
 *   after the one that leads there
 */
export function doneShare(stack: readonly Frame[], isBlank: BlankTest): number {
  let done = 0;
  let weight = 1;
  for (const { table, index } of stack.slice(0, -1)) {
    let filled = 0;
    let before = 0;
    for (let i = 0; i < table.size; i++) {
      if (isBlankAt(table, i, isBlank)) continue;
      filled++;
      if (i < index - 1) before++;
    }
    weight /= filled;
    done += before * weight;
  }
  return done;
}
