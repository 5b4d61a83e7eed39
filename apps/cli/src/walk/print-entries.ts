// SPDX-License-Identifier: GPL-2.0-only
import type { WalkEntry } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { documentHead, writeList } from '../io/output.ts';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { renderEntry } from './render-walk.ts';

/**
 * Prints the entries of a walk, one by one.
 */
export async function printEntries(job: WalkJob): Promise<Outcome> {
  const { out } = job.session;
  const { mmu } = job.context;
  const { only, json, ndjson } = job.options;
  const summary = { entries: 0, findings: 0, possible: 0 };
  const wanted = function* (): Generator<WalkEntry, void> {
    for (const entry of watchedWalk(job)) {
      summary.entries++;
      summary.findings += entry.findings.length;
      summary.possible += entry.possible.length;
      if (only === 'findings' && entry.findings.length + entry.possible.length === 0) continue;
      yield entry;
    }
  };
  const items = function* (): Generator<ReturnType<typeof entryJson>, void> {
    for (const entry of wanted()) yield entryJson(mmu, entry);
  };
  const context = contextJson(job.context);
  if (json === true)
    await writeList(out, documentHead('walk', context), 'entries', items(), () => ({ summary }));
  else {
    for (const item of items()) {
      const full = ndjson === true ? out.record(item) : out.line(renderEntry(out.paint, item));
      if (full !== undefined) await full;
    }
    if (ndjson === true) void out.record({ summary: { ...summary, context } });
  }
  return { findings: summary.findings, possible: summary.possible, looked: summary.entries, damaged: false };
}
