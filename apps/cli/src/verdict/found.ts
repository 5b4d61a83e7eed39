// SPDX-License-Identifier: GPL-2.0-only
import type { Counts, Found } from './verdict.ts';

interface Coded {
  readonly code: string;
}

/** What was found in something that is said item by item. */
export function foundIn(findings: readonly Coded[], possible: readonly { readonly finding: Coded }[]): Found {
  return {
    findings: countsOf(findings.map(({ code }) => code)),
    possible: countsOf(possible.map(({ finding }) => finding.code)),
  };
}

function countsOf(codes: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, 1 + (counts.get(code) ?? 0));
  return counts;
}

/** How often, by code, as documents have it. */
export type ByCode = Readonly<Record<string, { readonly count: number }>>;

/** What was found, of a summary. */
export function foundBy(findings: ByCode, possible: ByCode): Found {
  return { findings: countsBy(findings), possible: countsBy(possible) };
}

const countsBy = (byCode: ByCode): Counts =>
  new Map(Object.entries(byCode).map(([code, { count }]) => [code, count]));

/** What was found, for a summary. */
export function byCode({ findings, possible }: Found): {
  readonly findingsByCode: ByCode;
  readonly possibleByCode: ByCode;
} {
  const counted = (counts: Counts): ByCode =>
    Object.fromEntries([...counts].map(([code, count]) => [code, { count }]));
  return { findingsByCode: counted(findings), possibleByCode: counted(possible) };
}
