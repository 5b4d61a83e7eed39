// SPDX-License-Identifier: GPL-2.0-only
import { observe } from '@spte/core';
import { mmuFactory, mmuToJson } from './configure.ts';
import { functions } from './functions.ts';
import { parseVector, type Vector } from './vector.ts';

/** A vector that did not pass. */
export interface Mismatch {
  /** Counted from 1. */
  readonly line: number;
  readonly fn: string;
  /** What differed: `result.spte`, `masks.nx`, `warnings`, or `vector` when it could not be run. */
  readonly at: string;
  readonly expected: string;
  readonly got: string;
}

/** How one function did. */
export interface Tally {
  passed: number;
  failed: number;
}

/** How a file did. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly byFunction: ReadonlyMap<string, Tally>;
  /** The first ones, as many as were asked for. */
  readonly mismatches: readonly Mismatch[];
}

interface Difference {
  readonly at: string;
  readonly expected: string;
  readonly got: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** Every place where two JSON values differ, in either direction; arrays are compared whole. */
function differences(at: string, expected: unknown, got: unknown): Difference[] {
  if (isObject(expected) && isObject(got)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...names].flatMap((name) => differences(`${at}.${name}`, expected[name], got[name]));
  }
  const same = show(canonical(expected)) === show(canonical(got));
  return same ? [] : [{ at, expected: show(expected), got: show(got) }];
}

/** The same value with its keys in order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, canonical(value[name])]),
  );
}

type MmuOf = ReturnType<typeof mmuFactory>;

/** Computes everything that a vector states, from its configuration and arguments alone, and compares. */
function checkVector(mmuOf: MmuOf, vector: Vector): Difference[] {
  const run = Object.hasOwn(functions, vector.fn) ? functions[vector.fn] : undefined;
  if (run === undefined) return [{ at: 'fn', expected: 'a function that the runner knows', got: vector.fn }];
  const mmu = mmuOf(vector);
  const { value, warnings } = observe(mmu, (mmu) => run({ mmu, args: vector.args, config: vector.config }));
  return [
    ...differences('initWarnings', vector.initWarnings, mmu.initWarnings),
    ...differences('masks', vector.masks, mmuToJson(mmu)),
    ...differences('result', vector.result, value),
    ...differences('warnings', vector.warnings, warnings),
  ];
}

/** Every error here is thrown by the packages or by JSON.parse(), which throw nothing else. */
const describe = (error: unknown): string => (error as Error).message;

/**
 * Runs vectors, one a line; blank lines are passed over. A line that cannot be read or run counts as failed.
 *
 * @param lines text of a vector file
 * @param keep how many mismatches to keep
 */
export async function runVectors(
  lines: Iterable<string> | AsyncIterable<string>,
  keep = 20,
): Promise<Report> {
  const mmuOf = mmuFactory();
  const byFunction = new Map<string, Tally>();
  const mismatches: Mismatch[] = [];
  const total: Tally = { passed: 0, failed: 0 };
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === '') continue;
    let fn = '(unreadable)';
    let found: Difference[];
    try {
      const vector = parseVector(text);
      fn = vector.fn;
      found = checkVector(mmuOf, vector);
    } catch (error) {
      found = [{ at: 'vector', expected: 'one that can be run', got: describe(error) }];
    }
    const tally = byFunction.get(fn) ?? { passed: 0, failed: 0 };
    byFunction.set(fn, tally);
    const outcome = found.length === 0 ? 'passed' : 'failed';
    tally[outcome]++;
    total[outcome]++;
    const [first] = found;
    if (first !== undefined && mismatches.length < keep) mismatches.push({ line, fn, ...first });
  }
  return { ...total, byFunction, mismatches };
}
