// SPDX-License-Identifier: GPL-2.0-only
import { translate } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import type { Outcome } from '../context/session.ts';
import { documentHead } from '../io/output.ts';
import { foundIn } from '../verdict/found.ts';
import { sayVerdict, verdictJson } from '../verdict/say.ts';
import { bothFound, outcomeBy } from '../verdict/verdict.ts';
import { entryJson } from './entry-json.ts';
import { judgeWalk, type WalkJob } from './job.ts';
import { renderTranslation } from './render-walk.ts';
import { tellEntry } from './tell-entry.ts';

/**
 * Prints what a guest physical address translates to, step by step.
 */
export function printTranslation(job: WalkJob, gpa: bigint): Outcome {
  const { session, options, context, policy, reporter, image, memory, root } = job;
  const { io, out } = session;
  const { mmu } = context;
  const translation = translate(mmu, memory, root, gpa);
  if (reporter !== null) for (const entry of translation.steps) tellEntry(reporter, image, entry);
  const found = translation.steps.map(({ findings, possible }) => foundIn(findings, possible));
  const verdict = judgeWalk(job, found.reduce(bothFound, foundIn([], [])), found.length);
  const steps = translation.steps.map((entry) => entryJson(mmu, entry));
  const record = { ...translation, steps };
  const counts = verdictJson(policy, verdict);
  if (options.ndjson === true) {
    void out.record(record);
    void out.record({ summary: { steps: steps.length, ...counts, context: contextJson(context) } });
  } else if (options.json === true) {
    out.document({ ...documentHead('translation', contextJson(context)), ...record, ...counts });
  } else {
    if (reporter === null) void out.line(renderTranslation(out.paint, translation, steps));
    sayVerdict(io, options, policy, verdict);
  }
  return outcomeBy(verdict, steps.length);
}
