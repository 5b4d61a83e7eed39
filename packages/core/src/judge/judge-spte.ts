// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from '../bits/arguments.ts';
import { bitNumbers } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { getRsvdBits } from '../cpu/rsvd-bits.ts';
import { mmuPresentMask } from '../kernel/layout.ts';
import type { Mmu } from '../mmu/contract.ts';
import { setDespiteZeroCheck } from '../mmu/zero-check.ts';
import { because } from '../read/because.ts';
import { guessUnknown } from '../read/guess-unknown.ts';
import { isPresentKind, type SpteKind, spteKind } from '../read/spte-kind.ts';
import { checks } from './checks.ts';
import { type Finding, type Judged, passes, runChecks } from './finding.ts';

/** How an entry is to be judged. */
export interface JudgeOptions {
  /** Reserved bits to judge by instead of the MMU's own, such as those that a kernel log printed. */
  readonly rsvdBits?: bigint | undefined;
}

/**
 * Says what is wrong with an entry, and which bits; nothing for a clean one.
 *
 * @param level level of the entry, 1..5; where it is not known, only what is wrong at every level that such an entry
 *   can have
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 */
export function judgeSpte(
  mmu: Mmu,
  spte: bigint,
  level: number | null = null,
  options: JudgeOptions = {},
): Finding[] {
  checkU64('spte', spte);
  if (level !== null) return judgeAt(mmu, spte, checkLevel('level', level), options);
  const [lowest, ...higher] = possibleLevels(mmu, spte);
  const first = judgeAt(mmu, spte, lowest, options);
  const others = higher.map((at) => judgeAt(mmu, spte, at, options));
  return first.filter(({ code }) => others.every((found) => found.some((other) => other.code === code)));
}

/** The levels that an entry without one may have. */
function possibleLevels(mmu: Mmu, spte: bigint): [number, ...number[]] {
  switch (spteKind(mmu, spte, null)) {
    case 'table':
      return [2, 3, 4, 5];
    case 'leaf':
    case 'tracked':
      return (spte & PT.pageSize.mask) === 0n ? [1] : [2, 3];
    default:
      return [1];
  }
}

function judgeAt(mmu: Mmu, spte: bigint, level: number, options: JudgeOptions): Finding[] {
  const kind = spteKind(mmu, spte, level);
  if (kind === 'unknown') return [unknownFinding(mmu, spte, level)];
  const findings = runChecks(checks, judged(mmu, spte, level, kind, options));
  return findings.map((finding) => withPageSize(mmu, spte, level, finding));
}

/** Only what is present is checked for reserved bits: MMIO entries have some on purpose. */
function judged(mmu: Mmu, spte: bigint, level: number, kind: SpteKind, { rsvdBits }: JudgeOptions): Judged {
  const own = isPresentKind(kind)
    ? getRsvdBits(mmu.zeroCheck, spte, level) & ~setDespiteZeroCheck(mmu, mmu.root)
    : 0n;
  return { mmu, spte, level, kind, rsvdBits: rsvdBits ?? own };
}

/** Whether an entry is one of KVM's and passes every test. */
function isClean(mmu: Mmu, spte: bigint, level: number): boolean {
  const kind = spteKind(mmu, spte, level);
  return kind !== 'unknown' && passes(checks, judged(mmu, spte, level, kind, {}));
}

/** Which bits are reserved depends on bit 7: where that bit alone makes the entry wrong, it is named too. */
function withPageSize(mmu: Mmu, spte: bigint, level: number, finding: Finding): Finding {
  if (finding.code !== 'reserved-bits' || level === 1) return finding;
  if (!isClean(mmu, spte ^ PT.pageSize.mask, level)) return finding;
  const involved = new Set([...finding.bits, PT.pageSize.low]);
  return {
    ...finding,
    bits: [...involved].toSorted((a, b) => a - b),
    next: 'bit 7 (page size) is wrong: with it the other way round the entry is clean',
  };
}

/** An entry of no kind; where the MMU-present bit makes it a clean one, that bit is named. */
function unknownFinding(mmu: Mmu, spte: bigint, level: number): Finding {
  const present = mmuPresentMask(mmu.layout);
  const oneBitOff = present !== 0n && isClean(mmu, spte | present, level);
  const guesses = guessUnknown(mmu, spte).map(({ text }) => text);
  return {
    code: 'not-an-spte',
    severity: 'error',
    bits: bitNumbers(oneBitOff ? present : spte),
    text: oneBitOff
      ? "without the MMU-present bit this is no entry of KVM's, with it a clean one"
      : 'not present, empty, frozen or MMIO in this kernel',
    next:
      guesses.length > 0 ? `it may be ${guesses.join('; or ')}` : 'garbage, or an entry of another kernel',
    because: because(mmu, 'is_shadow_present_pte', present),
  };
}
