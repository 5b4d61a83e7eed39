// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { walkSummarizer } from '@spte/walk';
import { contextJson, contextText } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { partPaths, removeTemporaries } from '../files/parts.ts';
import { breathe, cleaningUp } from '../io/clean-up.ts';
import { ENTRY_COLUMNS } from './entry-columns.ts';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { printSummary } from './print-summary.ts';

/** Entries between two moments at which Ctrl-C is heard. */
const BREATH = 1 << 13;

/**
 * Writes the entries of a walk as columns into a file, and prints the summary.
 *
 * @param target the file, or the folder for it
 */
export async function writeColumns(job: WalkJob, target: string): Promise<Outcome> {
  const { session, context, image, root, options } = job;
  const { mmu } = context;
  const entries = watchedWalk(job);
  const summarizer = walkSummarizer(mmu);
  const parts = partPaths(session.io, target, [image]);
  await cleaningUp(
    () => removeTemporaries(parts),
    async () => {
      const { ParquetTable } = await import('../files/parquet-table.ts');
      const notes = {
        'spte.input': image,
        'spte.root': hex(root.root),
        'spte.context': contextText(context),
        'spte.context.json': JSON.stringify(contextJson(context)),
      };
      const table = new ParquetTable(String(parts[0]), ENTRY_COLUMNS, notes);
      let count = 0;
      for (const entry of entries) {
        summarizer.add(entry);
        if (options.only === undefined || entry.findings.length > 0) table.add(entryJson(mmu, entry));
        if (++count % BREATH === 0) await breathe();
      }
      table.finish();
    },
  );
  return printSummary(job, summarizer.summary());
}
