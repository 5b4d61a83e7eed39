// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, explainChange, hex, judgeSpte, type Mmu } from '@spte/core';
import type { TestFunction } from './suite.ts';

/** An entry without a finding: a word at level 1, or what more there is to say. */
export type ValidEntry =
  | bigint
  | {
      readonly value: bigint;
      /** 1 when absent; null when it is not known. */
      readonly level?: number | null | undefined;
      /** What it is; any kind of KVM's or of a plugin's but `unknown` when absent. */
      readonly kind?: string | undefined;
    };

/** An entry with findings. */
export interface InvalidEntry {
  readonly value: bigint;
  /** 1 when absent; null when it is not known. */
  readonly level?: number | null | undefined;
  readonly kind?: string | undefined;
  /** Codes of all its findings, in any order; at least one. */
  readonly findings: readonly string[];
}

/** A change of an entry. */
export interface ChangeCase {
  readonly from: bigint;
  readonly to: bigint;
  /** 1 when absent; null when it is not known. */
  readonly level?: number | null | undefined;
  readonly allowed: boolean;
  /** Codes of the objections, in any order; not looked at when absent. */
  readonly objections?: readonly string[] | undefined;
}

/** What entries of a machine must be. */
export interface EntryCases {
  readonly valid?: readonly ValidEntry[] | undefined;
  readonly invalid?: readonly InvalidEntry[] | undefined;
  readonly changes?: readonly ChangeCase[] | undefined;
}

/**
 * Says of entries and changes what they must be, in the manner of a rule tester.
 *
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { EntryTester } from '@spte/plugin-kit';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * new EntryTester().run(mmu, {
 *   valid: [0x600000455299b77n, { value: 0n, kind: 'empty' }],
 *   invalid: [{ value: 0x600800455299b77n, findings: ['reserved-bits'] }],
 *   changes: [{ from: 0x600000455299b77n, to: 0n, allowed: true }],
 * });
 * ```
 */
export class EntryTester {
  readonly #test: TestFunction | null;

  /** @param test registers a test for each case; without, `run` throws for all cases that fail together */
  constructor(test: TestFunction | null = null) {
    this.#test = test;
  }

  /** @throws Error that says what each failing case is instead, unless the cases are registered as tests */
  run(mmu: Mmu, { valid = [], invalid = [], changes = [] }: EntryCases): void {
    const cases = [
      ...valid.map((one) =>
        entryCase(mmu, { findings: [], ...(typeof one === 'bigint' ? { value: one } : one) }),
      ),
      ...invalid.map((one) => entryCase(mmu, one, true)),
      ...changes.map((one) => changeCase(mmu, one)),
    ];
    if (this.#test !== null) {
      for (const { title, wrong } of cases) {
        this.#test(title, () => {
          if (wrong !== null) throw new Error(wrong);
        });
      }
      return;
    }
    const wrong = cases.flatMap((one) => one.wrong ?? []);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }
}

/** A case with its outcome: null where it passes. */
interface Outcome {
  readonly title: string;
  readonly wrong: string | null;
}

const listText = (codes: readonly string[]): string =>
  codes.length === 0 ? 'no findings' : codes.join(', ');
const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.toSorted().join() === b.toSorted().join();

function entryCase(mmu: Mmu, { value, level = 1, kind, findings }: InvalidEntry, mustFail = false): Outcome {
  const is = decodeSpte(mmu, value, level).kind;
  const codes = judgeSpte(mmu, value, level).map(({ code }) => code);
  const what = `${hex(value)} at level ${level ?? 'unknown'}`;
  const title = `${what}: ${listText(findings)}`;
  if (mustFail && findings.length === 0)
    return { title, wrong: `${what} is among the invalid, but expects no finding` };
  if (kind !== undefined && kind !== is) return { title, wrong: `${what} must be ${kind}, but is ${is}` };
  return {
    title,
    wrong: same(codes, findings)
      ? null
      : `${what} must have ${listText(findings)}, but has ${listText(codes)}`,
  };
}

function changeCase(mmu: Mmu, { from, to, level = 1, allowed, objections }: ChangeCase): Outcome {
  const change = explainChange(mmu, from, to, level);
  const codes = change.objections.map(({ code }) => code);
  const title = `${hex(from)} -> ${hex(to)} at level ${level ?? 'unknown'} is ${allowed ? '' : 'not '}allowed`;
  const why = codes.length === 0 ? '' : `: ${codes.join(', ')}`;
  if (change.allowed !== allowed)
    return { title, wrong: `${title}, but it is${change.allowed ? '' : ' not'}${why}` };
  const fits = objections === undefined || same(codes, objections);
  return { title, wrong: fits ? null : `${title} must meet ${objections.join(', ')}, but meets${why}` };
}
