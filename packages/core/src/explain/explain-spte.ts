// SPDX-License-Identifier: GPL-2.0-only

import type { Finding } from '../judge/finding.ts';
import { checkOptions, guessLevels, type JudgeOptions, judgeEntry } from '../judge/judge-spte.ts';
import { formatKernel } from '../kernel/kernel.ts';
import type { CpuReading, Exposure, Mmu } from '../mmu/contract.ts';
import { type DecodedSpte, decodeEntry } from '../read/decode-spte.ts';
import { checkEntry, entryAt } from '../read/entry.ts';
import { type Guess, guessPointer } from '../read/guess-unknown.ts';

/** Everything that can be said about one entry. */
export interface Explanation extends DecodedSpte {
  /** The context that it was read in. */
  readonly context: {
    readonly kernel: string;
    readonly layout: string;
    readonly vendor: string;
    readonly mmu: string;
  };
  /** What is wrong with it; empty for a clean entry. */
  readonly findings: readonly Finding[];
  /**
   * What else a value may be: one that is no entry of this kernel's, one that is wrong at this level and not at another,
   * and an EPT pointer, whatever entry it looks like.
   */
  readonly guesses: readonly Guess[];
  /** How the CPU reads it; empty where the level is not known or the vendor does not say. */
  readonly cpu: readonly CpuReading[];
  /** What an L1TF-vulnerable CPU may fetch through it; null for an entry that does not fault. */
  readonly l1tf: Exposure | null;
}

/**
 * Answers "is this entry bad, and which bit?": what it is, what each bit says, how the CPU reads it, what is wrong.
 *
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 *
 * @example
 * ```ts
 * import { createMmu, explainSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const explanation = explainSpte(mmu, 0x600800455299b77n, 1);
 * explanation.findings.map(({ code, bits }) => `${code} ${bits.join()}`); // [ 'reserved-bits 47' ]
 * explanation.cpu.map(({ accessor, write }) => `${accessor}: ${write.kind}`); // [ 'guest: ept-misconfig' ]
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, explainSpte, guessText } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm() });
 * // What is no entry at all may be something else.
 * const [guess] = explainSpte(mmu, 0xffff888012345679n, 1).guesses;
 * guess && guessText(guess).split(':')[0]; // another hypervisor's
 * ```
 */
export function explainSpte(
  mmu: Mmu,
  spte: bigint,
  level: number | null = null,
  options: JudgeOptions = {},
): Explanation {
  checkEntry(spte, level);
  checkOptions(options);
  const entry = entryAt(mmu, spte, level);
  const decoded = decodeEntry(entry);
  const { value, kind, evidence, fields, mapping, mmio } = decoded;
  const findings = judgeEntry(entry, options);
  const cpu = level === null ? [] : (mmu.vendor.cpuReads?.(mmu, spte, level) ?? []);
  // Field by field: engines take microseconds over a copy that more fields are added to.
  return {
    value,
    level,
    kind,
    evidence,
    fields,
    mapping,
    mmio,
    context: {
      kernel: formatKernel(mmu.kernel),
      layout: mmu.layout.since,
      vendor: mmu.vendor.name,
      mmu: mmu.root.kind,
    },
    findings,
    guesses: [
      ...guessLevels(entry, findings),
      ...(kind === 'unknown' ? guessesOf(findings) : guessPointer(entry)),
    ],
    cpu,
    l1tf: faults(decoded, cpu) ? exposureOf(mmu, spte) : null,
  };
}

const guessesOf = (findings: readonly Finding[]): readonly Guess[] =>
  findings.flatMap((finding) => (finding.code === 'not-an-spte' ? finding.params.guesses : []));

/** Whether every access through the entry faults. */
function faults({ kind }: DecodedSpte, cpu: readonly CpuReading[]): boolean {
  const passes = ({ read, write, fetch }: CpuReading): boolean =>
    [read, write, fetch].some((outcome) => outcome.kind === 'translates' || outcome.kind === 'next-table');
  return cpu.length > 0 ? !cpu.some(passes) : kind !== 'leaf' && kind !== 'table';
}

function exposureOf(mmu: Mmu, spte: bigint): Exposure | null {
  const [first] = mmu.policies.flatMap(({ exposure }) =>
    exposure === undefined ? [] : [exposure(mmu, spte)],
  );
  return first ?? null;
}
