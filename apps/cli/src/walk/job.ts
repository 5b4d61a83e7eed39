// SPDX-License-Identifier: GPL-2.0-only
import { type PhysicalMemory, type WalkEntry, type WalkRoot, walk } from '@spte/walk';
import { type Context, othersOf } from '../context/context.ts';
import { type CommonOptions, type Session, statusOf } from '../context/session.ts';
import { progressBar } from '../io/progress.ts';
import type { VerdictOptions } from '../verdict/options.ts';
import type { Reporter } from '../verdict/report.ts';
import { createJudge, type Found, outcomeBy, type Policy, type Verdict } from '../verdict/verdict.ts';
import { tellEntry } from './tell-entry.ts';

/** Options of `walk`. */
export interface WalkCommandOptions extends CommonOptions, VerdictOptions {
  readonly root?: bigint;
  readonly vm?: string;
  readonly vcpu?: number;
  readonly live?: boolean;
  readonly slots?: boolean;
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

/** Slots of a VM, which leaves are joined with. */
export interface LeafSlots {
  /** The slot of a leaf; null where no slot has it, undefined for anything that is not a leaf. */
  add(entry: WalkEntry, isWritable: boolean): SlotJson | null | undefined;
  list(): readonly (SlotJson & {
    readonly baseGfn: bigint;
    readonly npages: number;
    readonly mapped: number;
    readonly writable: number;
    readonly leaves: Readonly<Record<string, number>>;
  })[];
  /** Pages that no slot has. */
  readonly outside: number;
}

/** A slot, as entries have it. */
export interface SlotJson {
  readonly asId: number;
  readonly id: number;
  readonly flagNames: readonly string[];
}

/** One walk: through which memory, from where, as which machine. */
export interface WalkJob {
  readonly session: Session;
  readonly options: WalkCommandOptions;
  readonly context: Context;
  readonly policy: Policy;
  /** Hears what is found in the place of text; null where text is wanted. */
  readonly reporter: Reporter | null;
  /** The image as typed. */
  readonly image: string;
  readonly memory: PhysicalMemory;
  readonly root: WalkRoot;
  /** With `--slots`. */
  readonly slots?: LeafSlots;
}

/**
 * The entries of a walk; a bar shows on a terminal how far it is.
 *
 * @throws TypeError, RangeError at once, as `walk()` does
 */
export function watchedWalk(
  { session, context, memory, root, image, reporter }: WalkJob,
  what = 'walking',
): Generator<WalkEntry, void> {
  const bar = progressBar(session.io, what);
  const entries = walk(context.mmu, memory, root, {
    others: othersOf(context),
    onProgress: ({ done }) => bar.at(done),
  });
  return (function* () {
    try {
      for (const entry of entries) {
        if (reporter !== null) tellEntry(reporter, image, entry);
        yield entry;
      }
    } finally {
      bar.done();
    }
  })();
}

/** The verdict on a walk, of which a reporter is told. */
export function judgeWalk({ policy, reporter, image }: WalkJob, found: Found, looked: number): Verdict {
  const verdict = createJudge(policy, [null])(null, found);
  reporter?.end(image, { verdict, status: statusOf(outcomeBy(verdict, looked), true) });
  return verdict;
}
