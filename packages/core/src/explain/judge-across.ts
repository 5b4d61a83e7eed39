// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '../judge/finding.ts';
import { judgeSpte } from '../judge/judge-spte.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { Candidate } from './rank-contexts.ts';

/** Something that is wrong with an entry in some of the contexts that it may be of. */
export interface PossibleFinding {
  /** As in the first of the contexts in which it is. */
  readonly finding: Finding;
  /** The contexts in which it is, by name. */
  readonly holds: readonly string[];
  /** The contexts in which it is not. */
  readonly not: readonly string[];
}

/** What is wrong with an entry whichever context it is of, and what is only where it is of some. */
export interface JudgedAcross {
  readonly findings: readonly Finding[];
  readonly possible: readonly PossibleFinding[];
}

/** What the context is called that all else is said of. */
const LIKELIEST = 'likeliest';

/**
 * Judges an entry of which the context is not wholly known: its findings are those of the likeliest context if it is wrong
 * in every other too; what else may be an error is possible only.
 *
 * @param spte a 64-bit word
 * @param level 1..5; null where it is not known
 * @param mmu the likeliest context
 * @param others the other contexts that it may be of; with none, every finding counts
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
 *
 * @example
 * ```ts
 * import { createMmu, judgeAcross } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const wide = (physBits: number) => createMmu({ kernel: '6.8', host: { physBits }, vendor: vmx() });
 * const others = [{ name: '52 bits', mmu: wide(52) }];
 * // Bit 47 is an address bit of the wider machine.
 * judgeAcross(wide(46), 0x600800455299b77n, 1, others).possible[0]?.not; // [ '52 bits' ]
 * judgeAcross(wide(46), 0x600800455299b77n, 1).findings.map(({ code }) => code); // [ 'reserved-bits' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, judgeAcross } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const on = (kernel: string) => ({ name: kernel, mmu: createMmu({ kernel, host: { physBits: 46 }, vendor: vmx() }) });
 * // Kernels since 6.10 set suppress-#VE, bit 63: those before never do.
 * const { findings, possible } = judgeAcross(on('6.8').mmu, 0x8600000455299b77n, 1, [on('6.12')]);
 * [findings.length, possible.map(({ finding, holds, not }) => `${finding.code} in ${holds.join()}, not in ${not.join()}`)]; // [ 0, [ 'bits-kvm-never-sets in likeliest, not in 6.12' ] ]
 * ```
 */
export function judgeAcross(
  mmu: Mmu,
  spte: bigint,
  level: number | null,
  others: readonly Candidate[] = [],
): JudgedAcross {
  return acrossContexts(judgeSpte(mmu, spte, level), spte, level, others);
}

/** As {@link judgeAcross}, where the findings in the likeliest context are known. */
export function acrossContexts(
  own: readonly Finding[],
  spte: bigint,
  level: number | null,
  others: readonly Candidate[],
): JudgedAcross {
  if (others.length === 0) return { findings: own, possible: [] };
  const contexts = [
    { name: LIKELIEST, findings: own },
    ...others.map(({ name, mmu }) => ({ name, findings: judgeSpte(mmu, spte, level) })),
  ];
  const isWrong = contexts.every(({ findings }) => findings.length > 0);
  const counted = isWrong ? own : [];
  const possible = new Map<string, PossibleFinding>();
  for (const finding of contexts.flatMap(({ findings }) => findings)) {
    if (possible.has(finding.code) || counted.some(({ code }) => code === finding.code)) continue;
    if (isWrong && finding.severity !== 'error') continue;
    const holds = contexts.filter(({ findings }) => findings.some(({ code }) => code === finding.code));
    const not = contexts.filter((context) => !holds.includes(context));
    possible.set(finding.code, { finding, holds: names(holds), not: names(not) });
  }
  return { findings: counted, possible: [...possible.values()] };
}

const names = (contexts: readonly { readonly name: string }[]): string[] => [
  ...new Set(contexts.map(({ name }) => name)),
];
