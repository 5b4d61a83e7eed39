// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { bitNumbers, LEVELS } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { mmuPresentMask } from '../kernel/layout.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { because } from '../read/because.ts';
import { checkEntry, type Entry, entryAt } from '../read/entry.ts';
import { type Guess, guessUnknown } from '../read/guess-unknown.ts';
import { type Shape, shapeOf } from '../read/shape.ts';
import { isPresentKind } from '../read/spte-kind.ts';
import { isShadowPresentPte } from '../rules/predicates.ts';
import { type Check, checksOf } from './checks.ts';
import { FINDING_SEVERITIES, type Finding } from './finding.ts';
import { asksPlugins, failedFinding, pluginFindings } from './plugin-findings.ts';
import { hitsPrintedMask } from './printed-mask.ts';

/** How an entry is to be judged. */
export interface JudgeOptions {
  /** Reserved bits to judge by instead of the MMU's own, such as those that a kernel log printed. */
  readonly rsvdBits?: bigint | undefined;
  /** The reserved bits that a kernel printed beside the entry: what they hit is a finding of its own, the first. */
  readonly printedRsvdBits?: bigint | undefined;
}

/**
 * Says what is wrong with an entry, and which bits; nothing for a clean one.
 *
 * @param level level of the entry, 1..5; where it is not known, only what is wrong at every level that such an entry
 *   can have
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 *
 * @example
 * ```ts
 * import { createMmu, findingText, judgeSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * judgeSpte(mmu, 0x600000455299b77n, 1); // []
 * const [finding] = judgeSpte(mmu, 0x600800455299b77n, 1);
 * finding?.bits; // [ 47 ]
 * finding && findingText(finding); // reserved bit 0x800000000000 is set; at level 1 0xfc00000000000 must be 0
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, judgeSpte } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm() });
 * // What a splat of KVM printed: the entry, and the bits that its kernel held for reserved. That of 6.8 does not.
 * const printedRsvdBits = 0x800f0000001fe000n;
 * const findings = judgeSpte(mmu, 0x800000018a600ee7n, 2, { printedRsvdBits });
 * findings.map(({ code, bits }) => `${code} ${bits.join()}`); // [ 'printed-reserved-bits 63' ]
 * ```
 */
export function judgeSpte(
  mmu: Mmu,
  spte: bigint,
  level: number | null = null,
  options: JudgeOptions = {},
): Finding[] {
  checkEntry(spte, level);
  checkOptions(options);
  return judgeEntry(entryAt(mmu, spte, level), options);
}

/** Refuses reserved bits that are no 64-bit word. */
export function checkOptions({ rsvdBits, printedRsvdBits }: JudgeOptions): void {
  if (rsvdBits !== undefined) checkU64('options.rsvdBits', rsvdBits);
  if (printedRsvdBits !== undefined) checkU64('options.printedRsvdBits', printedRsvdBits);
}

/** {@link judgeSpte} for an entry at hand. */
export function judgeEntry(entry: Entry, options: JudgeOptions = {}): Finding[] {
  const found = judgeByContext(entry, options);
  const { printedRsvdBits } = options;
  if (printedRsvdBits === undefined) return found;
  const hit = hitsPrintedMask(entry.spte, printedRsvdBits, entry.level);
  return hit === null || coversHit(found, hit.bits)
    ? found
    : [{ ...hit, because: because(entry.mmu, 'get_rsvd_bits', printedRsvdBits) }, ...found];
}

/** Whether what is wrong by itself is all that a printed mask hits: it is one thing then. */
export function coversHit(
  findings: readonly { readonly code: string; readonly bits: readonly number[] }[],
  hits: readonly number[],
): boolean {
  return findings.some(
    ({ code, bits }) => code === 'reserved-bits' && hits.every((bit) => bits.includes(bit)),
  );
}

function judgeByContext(entry: Entry, options: JudgeOptions): Finding[] {
  const { mmu, spte } = entry;
  if (isLeveled(entry)) return judgeAt(entry, options);
  const [lowest, ...higher] = possibleLevels(entry);
  // Anything that is not present is so at every level; plugins are told that the level is not known.
  if (!isPresentKind(entry.kind)) return judgeAt({ ...entry, level: lowest }, options, entry);
  const at = (level: number): Finding[] => judgeAt(entryAt(mmu, spte, level), options);
  const others = higher.map(at);
  return at(lowest).filter(({ code }) => others.every((found) => found.some((other) => other.code === code)));
}

const isLeveled = (entry: Entry): entry is Entry<number> => entry.level !== null;

/** The levels that an entry without one may have. */
function possibleLevels({ spte, kind }: Entry): [number, ...number[]] {
  switch (kind) {
    case 'table':
      return [2, 3, 4, 5];
    case 'leaf':
    case 'tracked':
      return (spte & PT.pageSize.mask) === 0n ? [1] : [2, 3];
    default:
      return [1];
  }
}

/** @param told the entry as plugins are told of it */
function judgeAt(entry: Entry<number>, options: JudgeOptions, told: Entry = entry): Finding[] {
  const findings = entry.kind === 'unknown' ? unknownFindings(entry, told) : checkFindings(entry, options);
  return asksPlugins(told) ? [...findings, ...pluginFindings(told)] : findings;
}

function checkFindings(entry: Entry<number>, { rsvdBits }: JudgeOptions): Finding[] {
  const shape = rsvdBits === undefined ? shapeOf(entry) : { ...shapeOf(entry), rsvdBits };
  const findings: Finding[] = [];
  for (const check of checksOf(entry.kind)) {
    const wrong = check.wrong(entry, shape);
    if (wrong !== 0n) findings.push(findingOf(check, wrong, entry, shape));
  }
  return findings;
}

function findingOf(
  { code, rule, params }: Check,
  wrong: bigint,
  entry: Entry<number>,
  shape: Shape,
): Finding {
  const finding = {
    code,
    severity: FINDING_SEVERITIES[code],
    bits: bitNumbers(wrong),
    params: params(wrong, entry, shape),
    because: because(entry.mmu, rule, wrong),
  } as Finding;
  return finding.code === 'reserved-bits' ? withPageSize(entry, finding) : finding;
}

/** Whether an entry is one of KVM's and passes every test. */
function isClean(mmu: Mmu, spte: bigint, level: number): boolean {
  return cleanKind(mmu, spte, level) !== null;
}

/** What an entry is, if it is one of KVM's and passes every test; else null. */
function cleanKind(mmu: Mmu, spte: bigint, level: number): SpteKind | null {
  const entry = entryAt(mmu, spte, level);
  if (entry.kind === 'unknown') return null;
  const shape = shapeOf(entry);
  // From the last: anything that is not an entry has bits without a meaning, more often than anything else.
  const fails = ({ wrong }: Check): boolean => wrong(entry, shape) !== 0n;
  if (checksOf(entry.kind).findLast(fails) !== undefined) return null;
  return asksPlugins(entry) && pluginFindings(entry).length > 0 ? null : entry.kind;
}

/** Other levels at which an entry that is wrong at its own is none that is; a guess for each kind that it is there. */
export function guessLevels({ mmu, spte, level }: Entry, findings: readonly Finding[]): Guess[] {
  // What is not present is so at every level; and what a kernel printed has the level that it printed.
  if (level === null || !isShadowPresentPte(mmu, spte)) return [];
  if (!findings.some(({ code }) => code !== 'printed-reserved-bits')) return [];
  const byKind = new Map<SpteKind, number[]>();
  for (const other of LEVELS) {
    const kind = other === level || other > mmu.root.level ? null : cleanKind(mmu, spte, other);
    if (kind !== null) byKind.set(kind, [...(byKind.get(kind) ?? []), other]);
  }
  return [...byKind].map(([kind, levels]) => ({
    code: 'other-level',
    params: { kind, levels },
    because: because(mmu, 'is_last_spte', PT.pageSize.mask),
  }));
}

/** Which bits are reserved depends on bit 7: where that bit alone makes the entry wrong, it is named too. */
function withPageSize(
  { mmu, spte, level }: Entry<number>,
  finding: Extract<Finding, { code: 'reserved-bits' }>,
): Finding {
  if (level === 1 || !isClean(mmu, spte ^ PT.pageSize.mask, level)) return finding;
  const bits = [...new Set([...finding.bits, PT.pageSize.low])].toSorted((a, b) => a - b);
  return { ...finding, bits, params: { ...finding.params, bit7IsWrong: true } };
}

/** An entry of no kind; where the MMU-present bit makes it a clean one, that bit is named. Then plugins that could not guess. */
function unknownFindings({ mmu, spte, level }: Entry<number>, told: Entry): Finding[] {
  const present = mmuPresentMask(mmu.layout);
  const cleanIfPresent = present !== 0n && isClean(mmu, spte | present, level);
  const { guesses, failures } = guessUnknown(told);
  return [
    {
      code: 'not-an-spte',
      severity: FINDING_SEVERITIES['not-an-spte'],
      bits: bitNumbers(cleanIfPresent ? present : spte),
      params: { cleanIfPresent, guesses },
      because: because(mmu, 'is_shadow_present_pte', present),
    },
    ...failures.map((failure) => failedFinding(mmu, failure)),
  ];
}
