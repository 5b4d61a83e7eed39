// SPDX-License-Identifier: GPL-2.0-only

import type { Finding } from '../judge/finding.ts';
import { checkOptions, guessLevels, type JudgeOptions, judgeEntry } from '../judge/judge-spte.ts';
import { failedFinding } from '../judge/plugin-findings.ts';
import { formatKernel } from '../kernel/kernel.ts';
import type { CpuReading, Exposure, Mmu, Outcome } from '../mmu/contract.ts';
import { entryRole } from '../mmu/extensions.ts';
import { type DecodedSpte, decodeEntry } from '../read/decode-spte.ts';
import { checkEntry, entryAt } from '../read/entry.ts';
import { type Guess, guessPointer } from '../read/guess-unknown.ts';
import { type Answer, attempt } from '../read/plugin-answers.ts';

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
  const { value, kind, evidence, fields, mapping, mmio, own, alsoReadBy } = decoded;
  const judged = judgeEntry(entry, options);
  const cpu = cpuReadings(mmu, spte, level);
  const passes = 'message' in cpu || !faults(decoded, cpu.value);
  const exposures = passes ? [] : exposuresOf(mmu, spte);
  const failures = [cpu, ...exposures].filter((answer) => 'message' in answer);
  const findings =
    failures.length === 0 ? judged : [...judged, ...failures.map((failure) => failedFinding(mmu, failure))];
  // Field by field: engines take microseconds over a copy that more fields are added to.
  return {
    value,
    level,
    kind,
    evidence,
    fields,
    mapping,
    mmio,
    own,
    alsoReadBy,
    context: {
      kernel: formatKernel(mmu.kernel),
      layout: mmu.layout.since,
      vendor: mmu.vendor.name,
      mmu: mmu.root.isMirror ? `${mmu.root.kind} mirror` : mmu.root.kind,
    },
    findings,
    guesses: [
      ...guessLevels(entry, findings),
      ...(kind === 'unknown' ? guessesOf(findings) : guessPointer(entry)),
    ],
    cpu: 'message' in cpu ? [] : cpu.value,
    l1tf: exposures.flatMap((answer) => ('message' in answer ? [] : [answer.value]))[0] ?? null,
  };
}

const guessesOf = (findings: readonly Finding[]): readonly Guess[] =>
  findings.flatMap((finding) => (finding.code === 'not-an-spte' ? finding.params.guesses : []));

/** Whether every access through the entry faults. */
function faults({ kind }: DecodedSpte, cpu: readonly CpuReading[]): boolean {
  const passes = ({ read, write, fetch }: CpuReading): boolean => [read, write, fetch].some(goesThrough);
  return cpu.length > 0 ? !cpu.some(passes) : kind !== 'leaf' && kind !== 'table';
}

const goesThrough = (outcome: Outcome): boolean =>
  'passes' in outcome ? outcome.passes : outcome.kind === 'translates' || outcome.kind === 'next-table';

/** What the vendor says of the CPU; nothing where the level is not known, or it has nothing to say. */
function cpuReadings(mmu: Mmu, spte: bigint, level: number | null): Answer<readonly CpuReading[]> {
  const { name, cpuReads } = mmu.vendor;
  if (level === null || cpuReads === undefined) return { value: [] };
  return attempt(name, 'cpuReads', () => {
    const readings = cpuReads(mmu, spte, level, entryRole(mmu, level));
    if (Array.isArray(readings) && readings.every(isReading)) return readings as readonly CpuReading[];
    throw new TypeError('it must answer a list, each with the outcomes of read, write and fetch');
  });
}

/** Whether an answer says how all accesses end. */
const isReading = (reading: Partial<CpuReading>): boolean =>
  [reading.read, reading.write, reading.fetch].every((outcome) => typeof outcome?.kind === 'string');

/** What policies say of speculation, in their order: the first answer counts. */
function exposuresOf(mmu: Mmu, spte: bigint): Answer<Exposure>[] {
  return mmu.policies.flatMap(({ name, exposure }) =>
    exposure === undefined ? [] : [attempt(name, 'exposure', () => exposure(mmu, spte))],
  );
}
