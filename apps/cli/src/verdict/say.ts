// SPDX-License-Identifier: GPL-2.0-only
import { counted } from '@spte/core';
import type { Io } from '../io/io.ts';
import type { FormatOptions } from '../io/output.ts';
import { type Counts, isStrict, type Policy, type Verdict } from './verdict.ts';

/** What a verdict adds to a summary; nothing where the policy says nothing. */
export function verdictJson(policy: Policy, verdict: Verdict): object {
  if (isStrict(policy)) return {};
  const { ignored, fresh, counted } = verdict;
  return {
    ignored,
    ...(policy.baseline !== null && {
      new: Object.fromEntries(fresh.findings),
      newPossible: Object.fromEntries(fresh.possible),
    }),
    counted,
  };
}

/** The same in one line; null where the policy says nothing. */
export function verdictText(policy: Policy, { ignored, fresh, counted: those }: Verdict): string | null {
  if (isStrict(policy)) return null;
  const { findings, possible } = those;
  return [
    `${counted(findings, 'finding counts', 'findings count')}${possible === 0 ? '' : `, ${possible} possible`}`,
    ...(ignored === 0 ? [] : [`${ignored} ignored`]),
    ...(policy.baseline === null ? [] : [newText(fresh.findings, ''), newText(fresh.possible, 'possible ')]),
  ]
    .filter((text) => text !== '')
    .join('; ');
}

/** Says it beside the answer, where that is text that has no summary. */
export function sayVerdict(io: Io, { json, ndjson }: FormatOptions, policy: Policy, verdict: Verdict): void {
  const text = verdictText(policy, verdict);
  if (text !== null && json !== true && ndjson !== true) io.complain(`spte: ${text}\n`);
}

/** What is new; that nothing is, is said once. */
function newText(fresh: Counts, what: string): string {
  if (fresh.size === 0) return what === '' ? 'nothing new since the baseline' : '';
  return `new ${what}since the baseline: ${[...fresh].map(([code, count]) => `${code} ${count}`).join(', ')}`;
}
