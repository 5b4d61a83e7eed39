// SPDX-License-Identifier: GPL-2.0-only
import { translate } from '@spte/walk';
import { entryJson } from './entry-json.ts';
import type { WalkJob } from './job.ts';
import { renderTranslation } from './render-walk.ts';

/**
 * Prints what a guest physical address translates to, step by step.
 *
 * @returns whether no step has findings
 */
export function printTranslation(
  { session: { out }, options: { json, ndjson }, context: { mmu }, memory, root }: WalkJob,
  gpa: bigint,
): boolean {
  const translation = translate(mmu, memory, root, gpa);
  const steps = translation.steps.map((entry) => entryJson(mmu, entry));
  if (ndjson === true) void out.record({ ...translation, steps });
  else if (json === true) out.document({ ...translation, steps });
  else void out.line(renderTranslation(out.paint, translation, steps));
  return steps.every(({ findings }) => findings.length === 0);
}
