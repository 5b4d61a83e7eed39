// SPDX-License-Identifier: GPL-2.0-only

import type { Finding } from '../judge/finding.ts';
import type { JudgeOptions } from '../judge/judge-spte.ts';
import type { Mmu } from '../mmu/contract.ts';
import { type Explanation, explainSpte } from './explain-spte.ts';
import { countUnusual } from './habits.ts';

/** A value of which the context is not known. */
export interface Sample {
  readonly value: bigint;
  /** Level of the entry, 1..5; null or absent when it is not known. */
  readonly level?: number | null | undefined;
}

/** A context that values may come from. */
export interface Candidate {
  readonly name: string;
  readonly mmu: Mmu;
}

/** How well the values fit one context. */
export interface Fit extends Candidate {
  /** Values that make sense: of a kind, without a finding. */
  readonly clean: number;
  /** The findings of the others. */
  readonly findings: readonly { readonly value: bigint; readonly findings: readonly Finding[] }[];
  /** Values that say something of their own in this context (tables, mappings, MMIO), rather than being empty. */
  readonly recognised: number;
  /** Of the clean values, those that are not as KVM writes them in this context, as `countUnusual()` says. */
  readonly unusual: number;
  /** The place among all, 1 for the best; contexts that fit equally well share it. */
  readonly rank: number;
}

/** What a finding costs in the comparison of contexts. */
const COST = { error: 3, warning: 1 } as const;

/**
 * Ranks contexts by how well all values make sense in them, the best first; equal ones share a rank, in their order.
 *
 * First the findings count, then how many values are not as KVM writes them there, then how many say something of their
 * own.
 *
 * @throws TypeError, RangeError when a value is not a 64-bit word or there is no such level
 *
 * @example
 * ```ts
 * import { createMmu, rankContexts } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const candidates = [svm(), vmx()].map((vendor) => ({
 *   name: vendor.name,
 *   mmu: createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor }),
 * }));
 * const fits = rankContexts([{ value: 0x600000455299b77n, level: 1 }, { value: 0x17a907n }], candidates);
 * fits.map(({ name, clean }) => `${name} ${clean}`); // [ 'vmx 2', 'svm 1' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, rankContexts } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const candidates = ['5.4', '6.8', '6.12'].map((kernel) => ({
 *   name: kernel,
 *   mmu: createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() }),
 * }));
 * // Since 6.10 an empty entry has bit 63.
 * const [best] = rankContexts([{ value: 1n << 63n, level: 1 }], candidates);
 * best?.name; // 6.12
 * ```
 */
export function rankContexts(samples: readonly Sample[], candidates: readonly Candidate[]): Fit[] {
  const fits = candidates.map((candidate) => fitOf(candidate, samples)).toSorted((a, b) => compareFits(a, b));
  let rank = 1;
  return fits.map((fit, i) => {
    const before = fits[i - 1];
    if (before !== undefined && compareFits(before, fit) !== 0) rank = i + 1;
    return { ...fit, rank };
  });
}

type Unranked = Omit<Fit, 'rank'>;

function fitOf({ name, mmu }: Candidate, samples: readonly Sample[]): Unranked {
  const explained = samples.map(({ value, level }) => explainSpte(mmu, value, level ?? null));
  const clean = explained.filter(({ findings }) => findings.length === 0);
  return {
    name,
    mmu,
    clean: clean.length,
    recognised: explained.filter(({ kind }) => kind !== 'empty' && kind !== 'unknown').length,
    unusual: countUnusual(
      mmu,
      clean.map(({ value, kind }) => ({ value, kind, count: 1 })),
    ),
    findings: explained
      .filter(({ findings }) => findings.length > 0)
      .map(({ value, findings }) => ({ value, findings })),
  };
}

const compareFits = (a: Unranked, b: Unranked): number =>
  costOf(a) - costOf(b) || a.unusual - b.unusual || b.recognised - a.recognised;

function costOf({ findings }: Pick<Fit, 'findings'>): number {
  return findings.flatMap((of) => of.findings).reduce((cost, { severity }) => cost + COST[severity], 0);
}

/** One way to read a value, and the contexts that read it so. */
export interface Reading {
  readonly contexts: readonly string[];
  readonly explanation: Explanation;
}

/** What contexts make of one value. */
export interface AcrossContexts {
  readonly value: bigint;
  /** Fields that every context reads alike, by name, with their values in words. */
  readonly agreed: readonly { readonly name: string; readonly mask: bigint; readonly text: string }[];
  /** One where all agree; else one for each way to read the value, the cleanest first. */
  readonly readings: readonly Reading[];
}

/**
 * Explains a value of which the kernel, or more, is not known: what all contexts agree on, and each reading where they
 * differ.
 *
 * @throws TypeError, RangeError when the value is not a 64-bit word or there is no such level
 *
 * @example
 * ```ts
 * import { createMmu, explainAcross } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const candidates = ['5.10', '6.8', '6.12'].map((kernel) => ({
 *   name: kernel,
 *   mmu: createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() }),
 * }));
 * const { readings } = explainAcross(0x600000455299b77n, 1, candidates);
 * readings.map(({ contexts }) => contexts.join()); // [ '6.8', '6.12', '5.10' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, explainAcross } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const candidates = [svm(), vmx()].map((vendor) => ({
 *   name: vendor.name,
 *   mmu: createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor }),
 * }));
 * // NX is bit 63 on AMD: on Intel it has no meaning in this kernel.
 * const { readings } = explainAcross(0x800000018a600e67n, 1, candidates);
 * readings.map(({ contexts, explanation }) => `${contexts.join()}: ${explanation.findings.length}`); // [ 'svm: 0', 'vmx: 2' ]
 * ```
 */
export function explainAcross(
  value: bigint,
  level: number | null,
  candidates: readonly Candidate[],
  options: JudgeOptions = {},
): AcrossContexts {
  const readings = new Map<string, { contexts: string[]; explanation: Explanation }>();
  for (const { name, mmu } of candidates) {
    const explanation = explainSpte(mmu, value, level, options);
    const key = readingKey(explanation);
    const known = readings.get(key);
    if (known === undefined) readings.set(key, { contexts: [name], explanation });
    else known.contexts.push(name);
  }
  const all = [...readings.values()].toSorted(
    (a, b) => a.explanation.findings.length - b.explanation.findings.length,
  );
  return { value, agreed: agreedFields(all.map(({ explanation }) => explanation)), readings: all };
}

const fieldKey = ({ name, mask, text }: { name: string; mask: bigint; text: string }): string =>
  `${name} ${mask} ${text}`;

function readingKey({ kind, fields, findings }: Explanation): string {
  return [kind, ...fields.map(fieldKey), ...findings.map(({ code, bits }) => `${code} ${bits.join()}`)].join(
    '\n',
  );
}

function agreedFields([first, ...others]: readonly Explanation[]): AcrossContexts['agreed'] {
  const shared = (first?.fields ?? []).filter((field) =>
    others.every(({ fields }) => fields.some((other) => fieldKey(other) === fieldKey(field))),
  );
  return shared.map(({ name, mask, text }) => ({ name, mask, text }));
}
