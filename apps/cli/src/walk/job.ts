// SPDX-License-Identifier: GPL-2.0-only
import { type PhysicalMemory, type WalkEntry, type WalkRoot, walk } from '@spte/walk';
import { type Context, othersOf } from '../context/context.ts';
import type { CommonOptions, Session } from '../context/session.ts';
import { progressBar } from '../io/progress.ts';

/** Options of `walk`. */
export interface WalkCommandOptions extends CommonOptions {
  readonly root: bigint;
  readonly levels?: number;
  readonly level?: number;
  readonly gpa?: bigint;
  readonly pae?: boolean;
  readonly summary?: boolean;
  readonly translate?: bigint;
  readonly diff?: string;
  readonly diffRoot?: bigint;
  readonly only?: 'findings';
  readonly parquet?: string;
}

/** One walk: through which memory, from where, as which machine. */
export interface WalkJob {
  readonly session: Session;
  readonly options: WalkCommandOptions;
  readonly context: Context;
  /** The image as typed. */
  readonly image: string;
  readonly memory: PhysicalMemory;
  readonly root: WalkRoot;
}

/**
 * The entries of a walk; a bar shows on a terminal how far it is.
 *
 * @throws TypeError, RangeError at once, as `walk()` does
 */
export function watchedWalk(
  { session, context, memory, root }: WalkJob,
  what = 'walking',
): Generator<WalkEntry, void> {
  const bar = progressBar(session.io, what);
  const entries = walk(context.mmu, memory, root, {
    others: othersOf(context),
    onProgress: ({ done }) => bar.at(done),
  });
  return (function* () {
    try {
      yield* entries;
    } finally {
      bar.done();
    }
  })();
}
