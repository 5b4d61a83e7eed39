// SPDX-License-Identifier: GPL-2.0-only
import { type WalkSummary, walkSummarizer } from '@spte/walk';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { renderSummary } from './render-walk.ts';

/**
 * Walks, and prints the counts alone.
 *
 * @returns whether there are no findings
 */
export function summarize(job: WalkJob): boolean {
  const summarizer = walkSummarizer(job.context.mmu);
  for (const entry of watchedWalk(job)) summarizer.add(entry);
  return printSummary(job, summarizer.summary());
}

/** Prints the counts of a walk. */
export function printSummary(
  { session: { out }, context: { mmu }, options }: WalkJob,
  summary: WalkSummary,
): boolean {
  const findings = summary.findings.map((finding) => ({
    ...finding,
    examples: finding.examples.map((entry) => entryJson(mmu, entry)),
  }));
  if (options.ndjson === true) void out.record({ ...summary, findings });
  else if (options.json === true) out.document({ ...summary, findings });
  else void out.line(renderSummary(out.paint, summary));
  return findings.length === 0;
}
