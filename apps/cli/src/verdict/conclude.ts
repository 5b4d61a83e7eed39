// SPDX-License-Identifier: GPL-2.0-only
import { statusOf } from '../context/session.ts';
import { foundIn } from './found.ts';
import type { Issue, Reporter } from './report.ts';
import {
  bothFound,
  bothVerdicts,
  createJudge,
  type Found,
  NO_VERDICT,
  outcomeBy,
  type Policy,
  type Verdict,
} from './verdict.ts';

/** Something that was looked at, and what is wrong with it. */
export interface Judged {
  readonly name: string;
  readonly findings: readonly { readonly code: string }[];
  readonly possible: readonly { readonly finding: { readonly code: string } }[];
  /** The same for a reporter. */
  readonly issues: readonly Issue[];
}

/** Judges things one by one, tells a reporter of each, and adds up. */
export function conclude(
  policy: Policy,
  reporter: Reporter | null,
  all: readonly Judged[],
): { readonly found: Found; readonly verdict: Verdict } {
  const judge = createJudge(policy, [null]);
  let found = foundIn([], []);
  let verdict = NO_VERDICT;
  reporter?.begin(all.length);
  for (const { name, findings, possible, issues } of all) {
    const one = foundIn(findings, possible);
    const said = judge(null, one);
    for (const issue of issues) reporter?.issue(null, issue);
    reporter?.end(name, { verdict: said, status: statusOf(outcomeBy(said, 1), true) });
    found = bothFound(found, one);
    verdict = bothVerdicts(verdict, said);
  }
  return { found, verdict };
}
