// SPDX-License-Identifier: GPL-2.0-only
import { type WalkSummary, walkSummarizer } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { documentHead } from '../io/output.ts';
import { entryJson } from './entry-json.ts';
import { type WalkJob, watchedWalk } from './job.ts';
import { renderSummary } from './render-walk.ts';

/**
 * Walks, and prints the counts alone.
 */
export function summarize(job: WalkJob): Outcome {
  const summarizer = walkSummarizer(job.context.mmu);
  for (const entry of watchedWalk(job)) summarizer.add(entry);
  return printSummary(job, summarizer.summary());
}

/** Prints the counts of a walk. */
export function printSummary({ session: { out }, context, options }: WalkJob, summary: WalkSummary): Outcome {
  const withExamples = (findings: WalkSummary['findings']): object[] =>
    findings.map((finding) => ({
      ...finding,
      examples: finding.examples.map((entry) => entryJson(context.mmu, entry)),
    }));
  const record = {
    ...summary,
    findings: withExamples(summary.findings),
    possible: withExamples(summary.possible),
  };
  if (options.ndjson === true) void out.record({ summary: { ...record, context: contextJson(context) } });
  else if (options.json === true)
    out.document({ ...documentHead('walk-summary', contextJson(context)), ...record });
  else void out.line(renderSummary(out.paint, summary));
  const count = (findings: WalkSummary['findings']): number =>
    findings.reduce((sum, one) => sum + one.count, 0);
  return {
    findings: count(summary.findings),
    possible: count(summary.possible),
    looked: summary.entries,
    damaged: false,
  };
}
