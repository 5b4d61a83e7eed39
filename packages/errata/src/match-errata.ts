// SPDX-License-Identifier: GPL-2.0-only

import { errata as allErrata } from './errata.ts';
import type { Alternative, Erratum, ErratumKind, Excuse } from './erratum.ts';
import type { Evidence } from './evidence.ts';
import { type KernelRange, kernelRange, UNKNOWN_KERNEL } from './kernel-range.ts';
import type { Mode } from './mode.ts';
import { type Tested, testCondition } from './test-condition.ts';

/**
 * How sure a match is.
 *
 * - `is`: all conditions hold, one of them a value, a check, a change or an event, and the kernel has the bug
 * - `looks like`: the text and one more; or all of it, and the kernel or the machine is not known, or another
 * - `could be`: the text alone, which others may print too
 */
export type Strength = 'is' | 'looks like' | 'could be';

/** An erratum that evidence speaks for. */
export interface ErratumMatch {
  readonly id: string;
  readonly strength: Strength;
  /** The conditions that hold, and the kernel where it has the bug. */
  readonly matched: readonly string[];
  /** What does not fit or is not known: why it is not said for certain. */
  readonly missing: readonly string[];
  readonly erratum: Erratum;
  /** Whether the kernel has the bug. */
  readonly range: KernelRange;
  /** The entries that it rests on, by their place among those of the evidence. */
  readonly entries: readonly number[];
  /** The lines of text that it rests on, the same way. */
  readonly lines: readonly number[];
}

const STRENGTHS: readonly Strength[] = ['could be', 'looks like', 'is'];
const rank = ({ strength }: Pick<ErratumMatch, 'strength'>): number => STRENGTHS.indexOf(strength);

/** Which come first among equals: what tells people not to hunt. */
const KINDS: readonly ErratumKind[] = ['bug', 'check-wrong', 'look-alike'];

/** What stands in the way of certainty; null where the machine is known to be another. */
function machineDoubts(
  evidence: Evidence,
  { vendors, modes }: Erratum,
  { modes: only, facts = {} }: Alternative,
): readonly string[] | null {
  const { origin = 'assumed' } = evidence;
  // What was assumed neither speaks for anything nor against it.
  const { vendor, mode, facts: known = {} } = origin === 'assumed' ? {} : evidence;
  if (vendor !== undefined && !vendors.includes(vendor)) return null;
  if (mode !== undefined && !(only === undefined ? fits(modes, mode) : only.includes(mode))) return null;
  // A fact that is not known leaves a symptom of many things.
  const has = new Map<string, unknown>(Object.entries(known));
  if (Object.entries(facts).some(([name, wanted]) => has.get(name) !== wanted)) return null;
  return vendor === undefined || mode === undefined ? ['the machine is not known'] : [];
}

/** Any machine may run nested guests, and shadow their tables. */
function fits(modes: Erratum['modes'], mode: Mode): boolean {
  if (modes.includes('nested')) return true;
  return mode === 'ept12' ? modes.includes('shadow') || modes.includes('ept') : modes.includes(mode);
}

/** Whether a text alone may speak for what also has other conditions: not one that many things print. */
const isTelling = ({ all }: Alternative): boolean =>
  !all.some((condition) => 'text' in condition && condition.common === true);

/** What is missing of an erratum whose text nobody read. */
export const TITLE_ALONE = 'only the title of the fix was read';

/** What stands in the list of what is missing, or of what holds, for a kernel. */
const kernelWords = ({ why }: KernelRange): string => (why === UNKNOWN_KERNEL ? why : `kernel ${why}`);

/** What one way of showing comes to; null where it does not show so. */
function matchAlternative(
  evidence: Evidence,
  erratum: Erratum,
  alternative: Alternative,
): ErratumMatch | null {
  const tested = alternative.all.map((condition) => ({
    isText: 'text' in condition,
    ...testCondition(evidence, condition),
  }));
  if (tested.some(({ result }) => result === 'no')) return null;
  const yes = tested.filter(({ result }) => result === 'yes');
  const texts = tested.filter(({ isText }) => isText);
  const strong = yes.some(({ isText }) => !isText);
  if (yes.length < tested.length) {
    const textHolds = texts.length > 0 && texts.every(({ result }) => result === 'yes');
    if (!textHolds || (!strong && !isTelling(alternative))) return null;
  }
  const doubts = machineDoubts(evidence, erratum, alternative);
  if (doubts === null) return null;
  const { kernel } = evidence;
  const release = kernel === undefined || kernel.origin === 'assumed' ? null : kernel.release;
  const range = kernelRange(erratum, release, alternative);
  if (alternative.onlyInRange === true && range.state !== 'inside') return null;
  const missing = [
    ...(range.state === 'inside' ? [] : [kernelWords(range)]),
    ...doubts,
    ...tested.flatMap(({ result, words }) => (result === 'yes' ? [] : [`not seen: ${words}`])),
    ...(alternative.lacks === undefined ? [] : [`not seen: ${alternative.lacks}`]),
    ...(erratum.verifiedInText ? [] : [TITLE_ALONE]),
  ];
  return {
    id: erratum.id,
    strength: !strong ? 'could be' : missing.length === 0 ? 'is' : 'looks like',
    matched: [...yes.map(({ words }) => words), ...(range.state === 'inside' ? [kernelWords(range)] : [])],
    missing,
    erratum,
    range,
    entries: numbersOf(yes, 'entries'),
    lines: numbersOf(yes, 'lines'),
  };
}

const numbersOf = (tested: readonly Tested[], of: 'entries' | 'lines'): number[] => [
  ...new Set(tested.flatMap((one) => one[of])),
];

/** The strongest way in which an erratum shows. */
function matchErratum(evidence: Evidence, erratum: Erratum): ErratumMatch | null {
  let found: ErratumMatch | null = null;
  for (const alternative of erratum.when) {
    const match = matchAlternative(evidence, erratum, alternative);
    if (match !== null && (found === null || rank(match) > rank(found))) found = match;
  }
  return found;
}

const share = (a: readonly number[], b: readonly number[]): boolean => a.some((number) => b.includes(number));

/** Whether a look-alike explains what a bug would, as well as it. */
function explainsAway(lookAlike: ErratumMatch, bug: ErratumMatch): boolean {
  return (
    lookAlike.erratum.kind === 'look-alike' &&
    bug.erratum.kind === 'bug' &&
    rank(lookAlike) >= rank(bug) &&
    (share(lookAlike.entries, bug.entries) || share(lookAlike.lines, bug.lines))
  );
}

/**
 * The known bugs that an entry, a line of a trace or a splat speaks for, the surest first.
 *
 * What is absent in the evidence is not known, and never speaks against anything. An assumed machine or kernel never
 * makes a match certain; a kernel without the bug does not rule it out, because distributions take patches over. Where
 * something that only looks like a bug explains the same entry or line as well as a bug does, the bug is left out.
 *
 * @param evidence what is known; the texts are those of one splat, or one line
 * @param errata the catalogue, or a part of it
 *
 * @example
 * ```ts
 * import { readKernelRelease } from '@spte/core';
 * import { matchErrata } from '@spte/errata';
 *
 * const matches = matchErrata({
 *   kernel: { release: readKernelRelease('5.15.100'), origin: 'read' },
 *   vendor: 'svm',
 *   mode: 'npt',
 *   origin: 'read',
 *   sptes: [{ value: 0x800000018a600ee7n, level: 2, kind: 'leaf', findings: [] }],
 *   checks: [{ field: 'rsvd_bits', printed: '0x800f0000001fe000', computed: '0xf0000001fe000' }],
 * });
 * matches.map(({ id, strength }) => `${strength} ${id}`); // [ 'is npt-nx-reserved' ]
 * ```
 *
 * @example
 * ```ts
 * import { readKernelRelease } from '@spte/core';
 * import { matchErrata } from '@spte/errata';
 *
 * // Without the machine, the same printed mask only looks like the bug.
 * const matches = matchErrata({
 *   kernel: { release: readKernelRelease('5.15.100'), origin: 'assumed' },
 *   sptes: [{ value: 0x800000018a600ee7n, level: 2, kind: 'leaf', findings: [] }],
 *   checks: [{ field: 'rsvd_bits', printed: '0x800f0000001fe000', computed: '0xf0000001fe000' }],
 * });
 * matches.map(({ id, strength }) => `${strength} ${id}`); // [ 'looks like npt-nx-reserved' ]
 * ```
 */
export function matchErrata(evidence: Evidence, errata: readonly Erratum[] = allErrata): ErratumMatch[] {
  const matches = errata.flatMap((erratum) => matchErratum(evidence, erratum) ?? []);
  return matches
    .filter((bug) => !matches.some((other) => explainsAway(other, bug)))
    .toSorted((a, b) => rank(b) - rank(a) || KINDS.indexOf(b.erratum.kind) - KINDS.indexOf(a.erratum.kind));
}

/** What of an entry's findings is asked about. */
export interface JudgedEntry {
  /** Its place among the entries of the evidence; the first when absent. */
  readonly entry?: number;
  readonly level: number | null;
}

/**
 * Whether a finding is the kernel's mistake and none of the entry: a match is certain that a check of the kernel was
 * wrong, and the finding is of that check. It is then to be told and not to be counted.
 *
 * @param finding what `judgeSpte()` of core found
 * @param judged the entry that has it
 */
export function isExcused(
  matches: readonly ErratumMatch[],
  finding: { readonly code: string; readonly bits: readonly number[] },
  { entry = 0, level }: JudgedEntry,
): boolean {
  const by = ({ code, bits, levels }: Excuse): boolean =>
    code === finding.code &&
    (level === null || levels.includes(level)) &&
    (bits === undefined || finding.bits.every((bit) => bits.includes(bit)));
  return matches.some(
    ({ strength, entries, erratum: { excuses } }) =>
      strength === 'is' && entries.includes(entry) && excuses.some(by),
  );
}
