// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, formatKernelVersion, type Kernel, type Mmu, readKernelRelease } from '@spte/core';
import { type HostConfig, mmuConfigOf } from '../config.ts';
import {
  type ContextCandidate,
  candidateName,
  contextCandidates,
  isAtMost,
  judgeKey,
  oldRhelCandidates,
  type Releases,
  releasesText,
  typicalRelease,
  widest,
  widthsOf,
} from './candidates.ts';
import type { ContextFact, ContextMode } from './context-fact.ts';
import { configWith, type MachineFacts } from './machine-facts.ts';
import type { ReadFacts } from './read-machine.ts';
import {
  type CountedClaim,
  contradictedIn,
  EntryPatterns,
  isOneBitOff,
  type PatternOfEntries,
  type Score,
  scoreOf,
} from './score.ts';

/** What is known of a machine before its entries are looked at. */
export interface ContextQuestion {
  /** What the user says. */
  readonly given?: MachineFacts;
  /** What is taken where neither the user nor the input says it, instead of what would fit the entries. */
  readonly assumed?: MachineFacts;
  /** What the input says. */
  readonly read?: ReadFacts;
  readonly entries?: EntryPatterns;
}

/** A kernel on a machine that agrees with what is known and that the entries do not rule out. */
export interface PossibleContext {
  /** Its mode, its releases and the width of its addresses: `NPT 6.0-6.9, 48 bits`. */
  readonly name: string;
  readonly config: HostConfig;
  readonly mmu: Mmu;
  readonly score: Score;
}

/** The context of an input, as far as it can be found out. */
export interface FoundContext {
  /** The likeliest. */
  readonly config: HostConfig;
  readonly mmu: Mmu;
  readonly facts: Readonly<Record<string, ContextFact>>;
  /** All that are possible, the likeliest first: what holds in one of them and not in all may be. */
  readonly possible: readonly [PossibleContext, ...PossibleContext[]];
  /** Entries that were looked at, all alike ones counted. */
  readonly entries: number;
  /** Where what was given and what the input says do not agree, in sentences. */
  readonly contradictions: readonly string[];
}

/** Entries that a context may fail to explain, beyond those of the best: one of them may be corrupt. */
const TOLERANCE = 1;

/** Patterns, and of widths entries, from which on a lone odd one is tolerated: of a few, each counts. */
const FEW = 10;

/** Contexts beside the likeliest that are kept, at most. */
const MAX_OTHERS = 15;

interface Rated {
  readonly candidate: ContextCandidate;
  readonly score: Score;
}

const costOf = ({ score: { unexplained, unusual, contradicted } }: Rated): number =>
  unexplained + unusual + contradicted;

/**
 * Finds out which kernel on which machine wrote entries: takes what is given, then what the input says, ranks what they
 * leave open by how well the entries fit, and assumes the rest. Every fact says which of the four it is.
 *
 * A context is ruled out when it leaves more entries unexplained than the best one does, where there are few kinds of
 * entries; where there are many, one more may be corrupt.
 *
 * @throws TypeError, RangeError where what is given cannot be
 *
 * @example
 * ```ts
 * import { EntryPatterns, findContext } from '@spte/host';
 *
 * const entries = new EntryPatterns();
 * entries.add({ value: 0x80a0000000200f77n, level: 1 });
 * const { facts } = findContext({ entries });
 * [facts['kernel']?.value, facts['kernel']?.origin]; // [ '7.3.4', 'ranked' ]
 * [facts['vendor']?.value, facts['vendor']?.origin]; // [ 'vmx', 'ranked' ]
 * ```
 *
 * @example
 * ```ts
 * import { findContext } from '@spte/host';
 *
 * // What is given counts before what the input says; what neither says is assumed.
 * const { facts } = findContext({ given: { kernel: '6.8', vendor: 'svm' } });
 * Object.entries(facts).map(([name, fact]) => `${name}: ${fact?.origin}`); // [ 'kernel: given', 'vendor: given', 'mode: assumed', 'maxPhyAddr: assumed' ]
 * ```
 */
export function findContext(question: ContextQuestion): FoundContext {
  const { given = {}, read = {}, assumed = {}, entries } = question;
  const heard = believed(read, given);
  const known = { ...assumed, ...factsOfRead(heard), ...defined(given) };
  const [best, ...others] = likely(known, read, entries);
  const config = configWith(best.candidate.config, {
    ...known,
    kernel: known.kernel ?? releaseOf(best.candidate, read),
  });
  const mmu = createMmu(mmuConfigOf(config));
  const first = { name: nameOf(best), config, mmu, score: best.score };
  return {
    config,
    mmu,
    facts: factsOf({ ...question, read: heard }, config, [best, ...others]),
    possible: [first, ...othersThan(mmu, others)],
    entries: entriesOf(entries?.list() ?? []),
    contradictions: contradictionsOf(question, best),
  };
}

/** There is always one: no facts leave out all modes and machines. */
type Likely = [Rated, ...Rated[]];

/**
 * The contexts that agree with what is known and that the entries do not rule out, the likeliest first.
 *
 * Old kernels of RHEL are asked where no upstream kernel explains the entries, and count where they explain most of
 * them: few bits tell them from early upstream kernels, so that they would leave open what else is clear.
 */
function likely(known: MachineFacts, read: ReadFacts, entries: EntryPatterns = new EntryPatterns()): Likely {
  const [first, ...others] = contextsFor(known, read);
  if (entries.list().length + entries.claims().length === 0)
    return rate(widthsOf(first, known).slice(0, 1), []) as Likely;
  const upstream = ranked([first, ...others], known, entries);
  if (known.kernel !== undefined || costOf(upstream[0]) <= TOLERANCE) return upstream;
  const old = printing(oldRhelCandidates(known), read);
  if (old.length === 0) return upstream;
  const rhel = ranked(old, known, entries);
  return costOf(rhel[0]) < costOf(upstream[0]) / 2 ? rhel : upstream;
}

/** Those of some contexts that the entries, and what the input says of them, do not rule out. */
function ranked(
  candidates: readonly ContextCandidate[],
  known: MachineFacts,
  entries: EntryPatterns,
): Likely {
  const patterns = entries.list();
  const byEntries = rate(candidates, patterns, (one) => widest(one, known));
  const rated = withClaims(fitting(byEntries, patterns), entries.claims());
  return fitting(rated, patterns)
    .toSorted((a, b) => costOf(a) - costOf(b))
    .flatMap(({ candidate, score: { contradicted } }) => {
      const widths = rate(widthsOf(candidate, known), patterns);
      const all = widths.map((one) => ({ ...one, score: { ...one.score, contradicted } }));
      return fittingWidths(all, (one, best) => isTolerable(one, best, patterns, entriesOf(patterns)));
    }) as Likely;
}

const entriesOf = (patterns: readonly PatternOfEntries[]): number =>
  patterns.reduce((sum, { count }) => sum + count, 0);

/** Those that fit best, and those in which one entry more may be corrupt. */
function fitting(rated: readonly Rated[], patterns: readonly PatternOfEntries[]): Rated[] {
  const best = Math.min(...rated.map(costOf));
  return rated.filter((one) => isTolerable(one, best, patterns));
}

/** Whether what does not fit may be one entry that is corrupt, beyond what fits nowhere. */
function isTolerable(
  one: Rated,
  best: number,
  patterns: readonly PatternOfEntries[],
  seen: number = patterns.length,
): boolean {
  if (costOf(one) <= best) return true;
  if (seen < FEW || costOf(one) > best + TOLERANCE) return false;
  return isOneBitOff(one.candidate.mmu, patterns);
}

/** Rates contexts by what the input says of entries, too. */
function withClaims(rated: readonly Rated[], claims: readonly CountedClaim[]): Rated[] {
  let limit = Number.POSITIVE_INFINITY;
  return rated.map(({ candidate, score }) => {
    const contradicted = contradictedIn(candidate.mmu, claims, limit);
    const one = { candidate, score: { ...score, contradicted } };
    limit = Math.min(limit, costOf(one) + TOLERANCE);
    return one;
  });
}

/**
 * The widths of addresses that fit, the usual one first. A lone entry may have a bit beyond it, which tells nothing of the
 * width: then there may be more. A width that entries exceed is too small, unless that is a lone one.
 */
function fittingWidths(rated: readonly Rated[], isTolerable: (one: Rated, best: number) => boolean): Rated[] {
  const best = Math.min(...rated.map(costOf));
  const usual = rated.find((one) => costOf(one) <= best + TOLERANCE) as Rated;
  return rated.filter((one) => {
    if (widthOf(one) <= widthOf(usual)) return one === usual || isTolerable(one, costOf(usual));
    return costOf(one) <= costOf(usual);
  });
}

/** Contexts that judge otherwise than the first does; of those that differ in the width of addresses alone, two. */
function othersThan(mmu: Mmu, others: readonly Rated[]): PossibleContext[] {
  const groups = new Map<string, Rated[]>();
  for (const rated of others) {
    const key = `${candidateName(rated.candidate)} ${JSON.stringify(rated.candidate.machine.facts)}`;
    groups.set(key, [...(groups.get(key) ?? []), rated]);
  }
  const judged = new Set([judgeKey(mmu)]);
  const possible: PossibleContext[] = [];
  for (const group of groups.values()) {
    const byWidth = group.toSorted((a, b) => widthOf(a) - widthOf(b));
    for (const { candidate, score } of new Set([byWidth.at(0) as Rated, byWidth.at(-1) as Rated])) {
      const key = judgeKey(candidate.mmu);
      if (judged.has(key) || possible.length === MAX_OTHERS) continue;
      judged.add(key);
      const { config, mmu } = candidate;
      possible.push({ name: nameOf({ candidate, score }), config, mmu, score });
    }
  }
  return possible;
}

/** What a context is called: its mode, its releases, and the width of its addresses. */
const nameOf = (rated: Rated): string => `${candidateName(rated.candidate)}, ${widthOf(rated)} bits`;

const widthOf = ({ candidate }: Rated): number => candidate.mmu.masks.shadowPhysBits;

/** Facts that are there. */
function defined(facts: MachineFacts): MachineFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** What the input says, without a mode of a vendor that was given otherwise. */
function believed(read: ReadFacts, given: MachineFacts): ReadFacts {
  const { mode: _mode, ...rest } = read;
  const isOther =
    given.vendor !== undefined && read.vendor !== undefined && given.vendor !== read.vendor.value;
  return isOther ? rest : read;
}

function factsOfRead({ kernel, vendor, mode, maxphyaddr }: ReadFacts): MachineFacts {
  return {
    ...(kernel !== undefined && { kernel: kernel.value }),
    ...(vendor !== undefined && { vendor: vendor.value }),
    ...(mode !== undefined && { tdp: mode.value !== 'shadow' }),
    ...(maxphyaddr !== undefined && { maxphyaddr: maxphyaddr.value }),
  };
}

/** What known facts leave open, of the releases that print lines as the input has them. */
function contextsFor(
  known: MachineFacts,
  read: ReadFacts,
): readonly [ContextCandidate, ...ContextCandidate[]] {
  const all = contextCandidates(known);
  const able = known.kernel === undefined ? printing(all, read) : all;
  return (able.length === 0 ? all : able) as [ContextCandidate, ...ContextCandidate[]];
}

/** Those of some contexts whose releases print lines as the input has them. */
function printing(candidates: readonly ContextCandidate[], read: ReadFacts): ContextCandidate[] {
  return candidates.filter(({ releases }) => isWithin(read, releases));
}

/** Whether releases, first and last, overlap with those that print such lines. */
function isWithin({ since, until }: ReadFacts, [first, last]: Releases): boolean {
  return (
    (since === undefined || isAtMost(since.value, last)) &&
    (until === undefined || isAtMost(first, until.value))
  );
}

/** @param probes in which contexts a candidate is rated: by the one that it fits best */
function rate(
  candidates: readonly ContextCandidate[],
  patterns: readonly PatternOfEntries[],
  probes: (one: ContextCandidate) => readonly ContextCandidate[] = (one) => [one],
): Rated[] {
  let limit = Number.POSITIVE_INFINITY;
  return candidates.map((candidate) => {
    const [first, ...others] = probes(candidate).map(
      ({ mmu }): Rated => ({ candidate, score: scoreOf(mmu, patterns, limit) }),
    );
    const rated = others.reduce((a, b) => (costOf(b) < costOf(a) ? b : a), first as Rated);
    if (rated.score.unexplained <= limit) limit = Math.min(limit, costOf(rated) + TOLERANCE);
    return rated;
  });
}

/** The release that stands for those of a candidate, of those that print such lines. */
function releaseOf({ releases }: ContextCandidate, read: ReadFacts): string {
  return typicalRelease(releases, (release) => isWithin(read, [release, release]));
}

/**
 * How guests' memory is mapped on a machine.
 *
 * @example
 * ```ts
 * import { modeOf, plainConfig } from '@spte/host';
 *
 * modeOf(plainConfig('svm')); // npt
 * ```
 */
export function modeOf({ vendor, root }: HostConfig): ContextMode {
  if (root.kind === 'ept12' || root.kind === 'shadow') return root.kind;
  if (vendor.name === 'vmx') return vendor.options.ept === false ? 'shadow' : 'ept';
  return vendor.options.npt === false ? 'shadow' : 'npt';
}

/** A fact that may be given, read, or ranked, and its value in a context. */
interface Dimension {
  readonly name: string;
  readonly given: (facts: MachineFacts) => unknown;
  readonly read?: (read: ReadFacts) => string | undefined;
  readonly value: (rated: Rated) => ContextFact['value'] | undefined;
  /** The value in words, where several are listed. */
  readonly text?: (rated: Rated) => string;
}

const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'kernel',
    given: ({ kernel }) => kernel,
    read: ({ kernel }) => kernel?.from,
    value: ({ candidate }) => releasesText(candidate.releases),
  },
  {
    name: 'vendor',
    given: ({ vendor }) => vendor,
    read: ({ vendor }) => vendor?.from,
    value: ({ candidate }) => candidate.config.vendor.name,
  },
  {
    name: 'mode',
    given: ({ tdp, mmu }) => tdp ?? mmu,
    read: ({ mode }) => mode?.from,
    value: ({ candidate }) => modeOf(candidate.config),
  },
  { name: 'eptAd', given: ({ ad }) => ad, value: ({ candidate }) => candidate.facts.ad },
  {
    name: 'maxPhyAddr',
    given: ({ maxphyaddr, physBits }) => maxphyaddr ?? physBits,
    read: ({ maxphyaddr }) => maxphyaddr?.from,
    value: ({ candidate }) => candidate.facts.maxphyaddr,
  },
  { name: 'l1tf', given: ({ l1tf }) => l1tf, value: ({ candidate }) => candidate.facts.l1tf },
  {
    name: 'cacheBits',
    given: ({ cacheBits }) => cacheBits,
    value: ({ candidate }) => candidate.facts.cacheBits,
  },
  { name: 'smeCBit', given: ({ smeCBit }) => smeCBit, value: ({ candidate }) => candidate.facts.smeCBit },
];

/** What each fact is, how it is known, and from where. */
function factsOf(
  { given = {}, read = {}, assumed = {}, entries }: ContextQuestion,
  config: HostConfig,
  possible: readonly [Rated, ...Rated[]],
): Record<string, ContextFact> {
  const [best] = possible;
  const looked = (entries?.list().length ?? 0) + (entries?.claims().length ?? 0);
  const facts: Record<string, ContextFact> = {};
  for (const { name, given: givenIn, read: readIn, value } of DIMENSIONS) {
    const here = name === 'kernel' ? config.kernel : value(best);
    if (here === undefined) continue;
    const source = readIn?.(read);
    const values = [...new Set(possible.map((one) => value(one)))].filter((one) => one !== undefined);
    facts[name] =
      givenIn(given) !== undefined
        ? { value: here, origin: 'given', from: name }
        : source !== undefined
          ? { value: here, origin: 'read', from: source }
          : rankedOrAssumed(here, givenIn(assumed) === undefined ? values : [], looked);
  }
  return { ...facts, ...kernelFacts(config.kernel) };
}

function rankedOrAssumed(
  value: ContextFact['value'],
  values: readonly ContextFact['value'][],
  looked: number,
): ContextFact {
  if (looked === 0 || values.length === 0) return { value, origin: 'assumed', from: 'nothing says it' };
  const [only, ...more] = values;
  if (more.length > 0) return { value, origin: 'assumed', from: `the entries fit ${values.join(', ')}` };
  return { value, origin: 'ranked', from: `the entries fit ${String(only)} only` };
}

/** What a kernel was taken for, where that is not its name. */
function kernelFacts(name: string): Record<string, ContextFact> {
  const kernel = readKernelRelease(name);
  const base = formatKernelVersion(kernel);
  if (base === name) return {};
  const from = `kernel ${name}`;
  const overrides = Object.entries(kernel.overrides ?? {}).map(
    ([topic, release]) => `${topic}: ${formatKernelVersion(release)}`,
  );
  return {
    base: { value: base, origin: 'read', from },
    ...(overrides.length > 0 && { overrides: { value: overrides.join('; '), origin: 'read', from } }),
  };
}

/** Where what was given does not agree with what the input says, or with its entries. */
function contradictionsOf({ given = {}, read = {}, entries }: ContextQuestion, best: Rated): string[] {
  const said: string[] = [];
  const { kernel, vendor, tdp } = given;
  if (vendor !== undefined && read.vendor !== undefined && read.vendor.value !== vendor) {
    said.push(`vendor ${vendor} is given, but the input is of ${read.vendor.value}: ${read.vendor.from}`);
  }
  if (tdp !== undefined && read.mode !== undefined && (read.mode.value !== 'shadow') !== tdp) {
    said.push(
      `${tdp ? 'EPT or NPT' : 'shadow paging'} is given, but the input shows ${read.mode.value}: ${read.mode.from}`,
    );
  }
  if (
    kernel !== undefined &&
    read.kernel !== undefined &&
    !haveOneRuleSet(readKernelRelease(kernel), readKernelRelease(read.kernel.value))
  ) {
    said.push(`kernel ${kernel} is given, but the input names ${read.kernel.value}: ${read.kernel.from}`);
  }
  if (kernel !== undefined && best.score.unexplained > TOLERANCE) {
    const { kernel: _kernel, ...rest } = given;
    const [other] = likely(defined(rest), {}, entries);
    if (other.score.unexplained < best.score.unexplained / 2) {
      const { releases } = other.candidate;
      said.push(
        `kernel ${kernel} is given, but ${best.score.unexplained} entries are not clean under it: under ${releasesText(releases)}, ${other.score.unexplained}`,
      );
    }
  }
  return said;
}

/** Whether two names are taken for the same: one base, and the same points in which it is left. */
function haveOneRuleSet(a: Kernel, b: Kernel): boolean {
  const rules = ({ layout, overrides = {} }: Kernel): string =>
    JSON.stringify([
      layout?.since,
      Object.entries(overrides).map(([topic, of]) => [topic, formatKernelVersion(of)]),
    ]);
  return formatKernelVersion(a) === formatKernelVersion(b) && rules(a) === rules(b);
}
