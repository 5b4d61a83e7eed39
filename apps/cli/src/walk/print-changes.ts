// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { diffWalks, type WalkChange, type WalkEntry, walk } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import { type Outcome, outcomeOf } from '../context/session.ts';
import { openMemory } from '../files/image.ts';
import { documentHead, writeList } from '../io/output.ts';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { renderChangeOf } from './render-walk.ts';

/**
 * Prints what is different in another image.
 *
 * @param other that image
 */
export async function printChanges(job: WalkJob, other: string): Promise<Outcome> {
  const { session, options, context, root } = job;
  const { io, out } = session;
  const { mmu } = context;
  const memory = await openMemory(io, [other]);
  try {
    const now = walk(mmu, memory, { ...root, root: options.diffRoot ?? root.root });
    const counts = { added: 0, removed: 0, changed: 0 };
    const changes = function* (): Generator<WalkChange, void> {
      for (const change of diffWalks(watchedWalk(job, 'comparing'), now)) {
        counts[change.change]++;
        yield change;
      }
    };
    if (options.json === true) {
      const items = function* (): Generator<object, void> {
        for (const change of changes()) yield changeJson(mmu, change);
      };
      const head = documentHead('walk-diff', contextJson(context));
      await writeList(out, head, 'changes', items(), () => ({ summary: counts }));
    } else {
      for (const change of changes()) {
        await (options.ndjson === true
          ? out.record(changeJson(mmu, change))
          : out.line(renderChangeOf(out.paint, mmu, change)));
      }
      const { added, removed, changed } = counts;
      if (options.ndjson === true) void out.record({ summary: { ...counts, context: contextJson(context) } });
      else void out.line(`${added} added, ${removed} removed, ${changed} changed`);
    }
    return outcomeOf(counts.added + counts.removed + counts.changed === 0);
  } finally {
    memory.close();
  }
}

function changeJson(mmu: Mmu, { change, before, after }: WalkChange): object {
  const side = (entry: WalkEntry | null): object | null => (entry === null ? null : entryJson(mmu, entry));
  return { change, before: side(before), after: side(after) };
}
