// SPDX-License-Identifier: GPL-2.0-only
import { translate } from '@spte/walk';
import { contextJson } from '../context/context.ts';
import { type Outcome, outcomeOf } from '../context/session.ts';
import { documentHead } from '../io/output.ts';
import { entryJson } from './entry-json.ts';
import type { WalkJob } from './job.ts';
import { renderTranslation } from './render-walk.ts';

/**
 * Prints what a guest physical address translates to, step by step.
 */
export function printTranslation(
  { session: { out }, options: { json, ndjson }, context, memory, root }: WalkJob,
  gpa: bigint,
): Outcome {
  const { mmu } = context;
  const translation = translate(mmu, memory, root, gpa);
  const steps = translation.steps.map((entry) => entryJson(mmu, entry));
  const record = { ...translation, steps };
  if (ndjson === true) {
    void out.record(record);
    void out.record({ summary: { steps: steps.length, context: contextJson(context) } });
  } else if (json === true) out.document({ ...documentHead('translation', contextJson(context)), ...record });
  else void out.line(renderTranslation(out.paint, translation, steps));
  return { ...outcomeOf(steps.every(({ findings }) => findings.length === 0)), looked: steps.length };
}
