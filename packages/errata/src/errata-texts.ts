// SPDX-License-Identifier: GPL-2.0-only
import type { Erratum, ErratumKind } from './erratum.ts';
import type { KernelRange } from './kernel-range.ts';
import { type ErratumMatch, type Strength, TITLE_ALONE } from './match-errata.ts';
import type { Splat } from './recognise-splat.ts';

/** What each kind is called. */
const NAMES: Readonly<Record<ErratumKind, string>> = {
  bug: 'known bug',
  'check-wrong': 'known bug',
  'look-alike': 'known look-alike',
};

/** What is said before the name of a bug whose fix was read, by how sure the match is. */
const BEFORE: Readonly<Record<Strength, string>> = {
  is: '',
  'looks like': 'looks like a ',
  'could be': 'could be a ',
};

/** The same of one of which only the title was read. */
const REPORTED: Readonly<Record<Strength, string>> = {
  is: 'reported as',
  'looks like': 'looks like what is reported as',
  'could be': 'could be what is reported as',
};

/** What a kind means: if the match is certain, and if it is not. */
const VERDICTS: Readonly<Record<ErratumKind, readonly [is: string, maybe: string]>> = {
  bug: ['', ''],
  'check-wrong': [' The entry is right.', ' If so, the entry is right.'],
  'look-alike': [' It is no bug of KVM.', ' If so, it is no bug of KVM.'],
};

/** What a series has against what another has: the newest first. */
function newestFirst(bySeries: Readonly<Record<string, string>>): [series: string, release: string][] {
  return Object.entries(bySeries).toSorted(([a], [b]) => b.localeCompare(a, 'en', { numeric: true }));
}

/** `fixed in 6.0; 5.15 never got it`; for a series with a fix of its own, that too. */
function fixText({ fixedIn, stable, unfixedIn }: Erratum, series: string | null): string {
  const [newest] = newestFirst(unfixedIn)[0] ?? [];
  const point = series === null ? undefined : stable[series];
  const points = [...(fixedIn === null ? [] : [fixedIn]), ...(point === undefined ? [] : [point])];
  const without = series !== null && series in unfixedIn ? series : newest;
  const fixed = points.length === 0 ? 'no release with a fix is known' : `fixed in ${points.join(' and ')}`;
  return without === undefined ? fixed : `${fixed}; ${without} never got it`;
}

/** The first commit, and when it reached whom. */
function briefText(erratum: Erratum, series: string | null): string {
  const [commit] = erratum.fix;
  if (erratum.kind === 'look-alike' && erratum.fixedIn === null) return '';
  const parts = [...(commit === undefined ? [] : [commit]), fixText(erratum, series)];
  return ` (${parts.join(', ')})`;
}

/** Why a match is not certain: the kernel, if that is why, else the first thing that is missing. */
function doubtText({ strength, range, missing }: ErratumMatch): string {
  if (strength === 'could be') {
    return range.state === 'outside' ? `; the text alone, and ${range.why}` : '; the text alone says so';
  }
  if (range.state !== 'inside') return `; ${range.why}`;
  // That only the title was read is said already.
  const [first = TITLE_ALONE] = missing;
  return first === TITLE_ALONE ? '' : `; ${first}`;
}

/**
 * A match in one line.
 *
 * @param series the `major.minor` of the kernel, whose own stable release with the fix is then named
 *
 * @example
 * ```ts
 * import { erratumText, matchErrata } from '@spte/errata';
 *
 * const [match] = matchErrata({ texts: ['zapping shadow pages for mmio generation wraparound'] });
 * match && erratumText(match); // could be a known look-alike: KVM drops all MMIO entries when their generation starts again; the text alone says so. If so, it is no bug of KVM. [lookalike-generation-wrap]
 * ```
 */
export function erratumText(match: ErratumMatch, series: string | null = null): string {
  const { erratum, strength } = match;
  const { kind, short, verifiedInText, id } = erratum;
  const name = verifiedInText ? `${BEFORE[strength]}${NAMES[kind]}` : REPORTED[strength];
  const [certain, maybe] = VERDICTS[kind];
  const verdict = strength === 'is' ? certain : maybe;
  return `${name}: ${short}${briefText(erratum, series)}${doubtText(match)}.${verdict} [${id}]`;
}

/** What a kind is, in a sentence. */
const MEANINGS: Readonly<Record<ErratumKind, string>> = {
  bug: 'a bug of KVM',
  'check-wrong': 'a check or statistic of KVM was wrong, the entry right',
  'look-alike': 'looks like a bug of KVM and is none',
};

/** Words one after the other; null for none. */
const list = (words: readonly string[]): string | null => (words.length === 0 ? null : words.join(', '));

/**
 * All that the catalogue says of an erratum, line by line.
 *
 * @param range whether a kernel has it, if one is asked about
 */
export function erratumLines(erratum: Erratum, range: KernelRange | null = null): string[] {
  const { id, title, kind, fix, introduced, fixedIn, stable, unfixedIn, cve, vendors, modes, when } = erratum;
  const { explanation, workaround, sources, confidence, verifiedInText, matchableBy, notes } = erratum;
  const points = newestFirst(stable).map(([, release]) => release);
  const never = newestFirst(unfixedIn).map(([series, seen]) => `${series} (seen up to ${seen})`);
  const rows: readonly (readonly [string, string | null])[] = [
    ['what', MEANINGS[kind]],
    ['yours', range === null ? null : `${affectedText(range)}: ${range.why}`],
    ['fix', list(fix)],
    ['introduced', introduced],
    ['fixed in', list([...(fixedIn === null ? [] : [fixedIn]), ...points]) ?? 'not known'],
    ['never in', list(never)],
    ['CVE', cve],
    ['where', `${vendors.join(', ')}; ${modes.join(', ')}`],
    ['shows by', when.length === 0 ? 'nothing that an entry, a line or a splat has' : matchableBy],
    ['workaround', workaround],
    ['confidence', `${confidence}${verifiedInText ? '' : ', reported: only the title of the fix was read'}`],
    ['notes', notes],
    ['sources', sources.join('; ')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `${id}: ${title}`,
    `  ${explanation}`,
    ...rows.flatMap(([name, text]) => (text === null ? [] : [`  ${name.padEnd(width)}  ${text}`])),
  ];
}

/**
 * Whether a kernel has a bug, in a word: `not fixed` where it lacks the fix and nothing says that it had the bug already,
 * or that its distribution did not take the fix over.
 */
export function affectedText({ state, sure }: KernelRange): 'yes' | 'no' | 'not fixed' | 'not known' {
  if (state === 'inside') return sure ? 'yes' : 'not fixed';
  return state === 'outside' ? 'no' : 'not known';
}

/** A splat in one line: `BUG in KVM's MMU: pte_list_remove at arch/x86/kvm/mmu/mmu.c:963`. */
export function splatText({ kind, where, source }: Splat): string {
  const place = [...(where === null ? [] : [where]), ...(source === null ? [] : [`at ${source}`])].join(' ');
  return `${kind} in KVM's MMU${place === '' ? '' : `: ${place}`}`;
}
