// SPDX-License-Identifier: GPL-2.0-only
import type { Severity } from '@spte/core';
import type { Outcome } from '../context/session.ts';
import { severityOf } from './codes.ts';

/** How often something was found, by code. */
export type Counts = ReadonlyMap<string, number>;

/** What was found in an input. */
export interface Found {
  /** What is wrong in every context. */
  readonly findings: Counts;
  /** What is wrong in some contexts only. */
  readonly possible: Counts;
}

/** An input of an earlier run, and what was found in it. */
export interface Known {
  /** Null where the document does not say. */
  readonly file: string | null;
  readonly found: Found;
}

/** Which findings count. */
export interface Policy {
  /** Codes that do not. */
  readonly ignore: ReadonlySet<string>;
  /** Findings of a lesser severity do not make the exit status 1. */
  readonly failOn: Severity;
  /** Nor do those that an earlier run had; null where none is given. */
  readonly baseline: readonly Known[] | null;
}

/** Everything counts. */
export const STRICT: Policy = { ignore: new Set(), failOn: 'warning', baseline: null };

/** Whether a policy says anything. */
export function isStrict({ ignore, failOn, baseline }: Policy): boolean {
  return ignore.size === 0 && failOn === 'warning' && baseline === null;
}

/** What findings come to. */
export interface Verdict {
  /** Findings that are not ignored. */
  readonly findings: number;
  /** The same of possible ones. */
  readonly possible: number;
  readonly ignored: number;
  /** What is not ignored and goes beyond the baseline; without one, all of it. */
  readonly fresh: Found;
  /** Of what is fresh, findings that make the exit status 1, and possible ones that make it 3. */
  readonly counted: { readonly findings: number; readonly possible: number };
}

const NONE: Found = { findings: new Map(), possible: new Map() };

/** Nothing found. */
export const NO_VERDICT: Verdict = {
  findings: 0,
  possible: 0,
  ignored: 0,
  fresh: NONE,
  counted: { findings: 0, possible: 0 },
};

/** The verdict on two inputs together. */
export function bothVerdicts(a: Verdict, b: Verdict): Verdict {
  return {
    findings: a.findings + b.findings,
    possible: a.possible + b.possible,
    ignored: a.ignored + b.ignored,
    fresh: bothFound(a.fresh, b.fresh),
    counted: {
      findings: a.counted.findings + b.counted.findings,
      possible: a.counted.possible + b.counted.possible,
    },
  };
}

/** What was found in two inputs together. */
export function bothFound(a: Found, b: Found): Found {
  return { findings: plus(a.findings, b.findings), possible: plus(a.possible, b.possible) };
}

function plus(a: Counts, b: Counts): Counts {
  const all = new Map(a);
  for (const [code, count] of b) all.set(code, count + (all.get(code) ?? 0));
  return all;
}

/** What a verdict makes of a run or an input. */
export function outcomeBy({ counted }: Verdict, looked: number, damaged = false): Outcome {
  return { ...counted, looked, damaged };
}

/** Judges what was found in an input; `file` is null where it has no name. */
export type Judge = (file: string | null, found: Found) => Verdict;

/**
 * Makes a judge of the inputs of a run. Each input may have as many findings of a code as the baseline has for the file
 * of the same name. Those without one there share what the baseline has for files that this run does not have: totals
 * are compared then. Verdicts may be added up.
 *
 * @param files all inputs that will be judged
 */
export function createJudge(policy: Policy, files: readonly (string | null)[]): Judge {
  const { baseline } = policy;
  if (baseline === null) return (_file, found) => verdictOf(policy, found, found);
  const names = new Set(files);
  const shared = Symbol('the inputs that the baseline does not name');
  const left = new Map<string | symbol, Found>();
  for (const { file, found } of baseline) {
    const owner = file !== null && names.has(file) ? file : shared;
    left.set(owner, bothFound(left.get(owner) ?? NONE, found));
  }
  return (file, found) => {
    const owner = file !== null && left.has(file) ? file : shared;
    const allowed = left.get(owner) ?? NONE;
    left.set(owner, beyond(allowed, found));
    return verdictOf(policy, found, beyond(found, allowed));
  };
}

/** What there is of `found` beyond `known`. */
function beyond(found: Found, known: Found): Found {
  return { findings: minus(found.findings, known.findings), possible: minus(found.possible, known.possible) };
}

function minus(a: Counts, b: Counts): Counts {
  const rest = [...a].map(([code, count]) => [code, count - (b.get(code) ?? 0)] as const);
  return new Map(rest.filter(([, count]) => count > 0));
}

function verdictOf({ ignore, failOn }: Policy, found: Found, fresh: Found): Verdict {
  const isIgnored = (code: string): boolean => ignore.has(code);
  const isBad = (code: string): boolean => failOn === 'warning' || severityOf(code) === 'error';
  const kept = without(found, isIgnored);
  const left = without(fresh, isIgnored);
  const bad = without(left, (code) => !isBad(code));
  const [findings, possible] = [sum(kept.findings), sum(kept.possible)];
  return {
    findings,
    possible,
    ignored: sum(found.findings) + sum(found.possible) - findings - possible,
    fresh: left,
    counted: { findings: sum(bad.findings), possible: sum(bad.possible) },
  };
}

function without({ findings, possible }: Found, isOut: (code: string) => boolean): Found {
  const kept = (counts: Counts): Counts => new Map([...counts].filter(([code]) => !isOut(code)));
  return { findings: kept(findings), possible: kept(possible) };
}

/** All of them. */
export function sum(counts: Counts): number {
  return [...counts.values()].reduce((all, count) => all + count, 0);
}
