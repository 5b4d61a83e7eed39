// SPDX-License-Identifier: GPL-2.0-only
import type { WalkEntry } from '@spte/walk';
import { writeArray } from '../io/output.ts';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { renderEntry } from './render-walk.ts';

/**
 * Prints the entries of a walk, one by one.
 *
 * @returns whether none has findings
 */
export async function printEntries(job: WalkJob): Promise<boolean> {
  const { out } = job.session;
  const { mmu } = job.context;
  const { only, json, ndjson } = job.options;
  let clean = true;
  const wanted = function* (): Generator<WalkEntry, void> {
    for (const entry of watchedWalk(job)) {
      if (entry.findings.length > 0) clean = false;
      else if (only === 'findings') continue;
      yield entry;
    }
  };
  const items = function* (): Generator<ReturnType<typeof entryJson>, void> {
    for (const entry of wanted()) yield entryJson(mmu, entry);
  };
  if (json === true) {
    await writeArray(out, items());
    return clean;
  }
  for (const item of items()) {
    const full = ndjson === true ? out.record(item) : out.line(renderEntry(out.paint, item));
    if (full !== undefined) await full;
  }
  return clean;
}
