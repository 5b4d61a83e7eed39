// SPDX-License-Identifier: GPL-2.0-only
import { type WalkSummary, walkSummarizer } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { documentHead } from '../io/output.ts';
import { verdictJson, verdictText } from '../verdict/say.ts';
import { type Found, outcomeBy } from '../verdict/verdict.ts';
import { entryJson } from './entry-json.ts';
import { judgeWalk, type WalkJob, watchedWalk } from './job.ts';
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
export function printSummary(job: WalkJob, summary: WalkSummary): Outcome {
  const {
    session: { out },
    context,
    options,
    policy,
    reporter,
  } = job;
  const verdict = judgeWalk(job, foundIn(summary), summary.entries);
  const withExamples = (findings: WalkSummary['findings']): object[] =>
    findings.map((finding) => ({
      ...finding,
      examples: finding.examples.map((entry) => entryJson(context.mmu, entry)),
    }));
  const record = {
    ...summary,
    findings: withExamples(summary.findings),
    possible: withExamples(summary.possible),
    ...verdictJson(policy, verdict),
  };
  if (options.ndjson === true) void out.record({ summary: { ...record, context: contextJson(context) } });
  else if (options.json === true)
    out.document({ ...documentHead('walk-summary', contextJson(context)), ...record });
  else if (reporter === null) {
    void out.line(renderSummary(out.paint, summary));
    const said = verdictText(policy, verdict);
    if (said !== null) void out.line(`  ${said}`);
  }
  return outcomeBy(verdict, summary.entries);
}

function foundIn({ findings, possible }: WalkSummary): Found {
  const counts = (found: WalkSummary['findings']): Found['findings'] =>
    new Map(found.map(({ code, count }) => [code, count]));
  return { findings: counts(findings), possible: counts(possible) };
}
