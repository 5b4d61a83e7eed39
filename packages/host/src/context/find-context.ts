// SPDX-License-Identifier: GPL-2.0-only
import {
  counted,
  createMmu,
  formatKernelVersion,
  type Mmu,
  REFERENCE,
  readKernelRelease,
  readReleases,
} from '@spte/core';
import { type HostConfig, mmuConfigOf } from '../config.ts';
import {
  type ContextCandidate,
  candidateName,
  contextCandidates,
  isAtMost,
  judgeKey,
  widthsOf,
} from './candidates.ts';
import type { ContextFact, ContextMode } from './context-fact.ts';
import { configWith, type MachineFacts } from './machine-facts.ts';
import type { ReadFacts } from './read-machine.ts';
import { type EntryPatterns, type PatternOfEntries, type Score, scoreOf } from './score.ts';

/** What is known of a machine before its entries are looked at. */
export interface ContextQuestion {
  /** What the user says. */
  readonly given?: MachineFacts;
  /** What the input says. */
  readonly read?: ReadFacts;
  readonly entries?: EntryPatterns;
}

/** A kernel on a machine that agrees with what is known and that the entries do not rule out. */
export interface PossibleContext {
  /** Its mode and releases: `NPT 6.0-6.9`. */
  readonly name: string;
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

/** Patterns from which on a lone odd one is tolerated: of a few, each counts. */
const FEW = 10;

/** Contexts beside the likeliest that are kept, at most. */
const MAX_OTHERS = 15;

interface Rated {
  readonly candidate: ContextCandidate;
  readonly score: Score;
}

const costOf = ({ score: { unexplained, unusual } }: Rated): number => unexplained + unusual;

/**
 * Finds out which kernel on which machine wrote entries: takes what is given, then what the input says, ranks what they
 * leave open by how well the entries fit, and assumes the rest. Every fact says which of the four it is.
 *
 * A context is ruled out when it leaves more entries unexplained than the best one does, where there are few kinds of
 * entries; where there are many, one more may be corrupt.
 *
 * @throws TypeError, RangeError where what is given contradicts itself
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
 */
export function findContext(question: ContextQuestion): FoundContext {
  const { given = {}, read = {}, entries } = question;
  const patterns = entries?.list() ?? [];
  const known = { ...factsOfRead(read, given), ...defined(given) };
  const [best, ...others] = likely(known, read, patterns);
  if (best === undefined) throw new RangeError('no kernel and machine agree with what is given');
  const config = configWith(best.candidate.config, { ...known, kernel: known.kernel ?? releaseOf(best.candidate, read) });
  const mmu = createMmu(mmuConfigOf(config));
  const first = { name: candidateName(best.candidate), mmu, score: best.score };
  return {
    config,
    mmu,
    facts: factsOf(question, config, [best, ...others]),
    possible: [first, ...othersThan(mmu, others)],
    entries: patterns.reduce((sum, { count }) => sum + count, 0),
    contradictions: contradictionsOf(question, best, patterns),
  };
}

/** The contexts that agree with what is known and that the entries do not rule out, the likeliest first. */
function likely(known: MachineFacts, read: ReadFacts, patterns: readonly PatternOfEntries[]): Rated[] {
  const candidates = contextsFor(known, read);
  if (patterns.length === 0)
    return rate(
      candidates.slice(0, 1).flatMap((one) => widthsOf(one, known).slice(0, 1)),
      [],
    );
  const fitting = kept(rate(candidates, patterns), patterns.length);
  const wide = fitting.flatMap(({ candidate }) => widthsOf(candidate, known));
  return kept(rate(wide, patterns), patterns.length);
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
      possible.push({ name: candidateName(candidate), mmu: candidate.mmu, score });
    }
  }
  return possible;
}

const widthOf = ({ candidate }: Rated): number => candidate.facts.maxphyaddr ?? 0;

/** Facts that are there. */
function defined(facts: MachineFacts): MachineFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** What the input says, as far as nothing else was given. */
function factsOfRead({ kernel, vendor, mode }: ReadFacts, given: MachineFacts): MachineFacts {
  const isOfVendor = given.vendor === undefined || vendor === undefined || given.vendor === vendor.value;
  return {
    ...(kernel !== undefined && { kernel: kernel.value }),
    ...(vendor !== undefined && { vendor: vendor.value }),
    ...(mode !== undefined && isOfVendor && { tdp: mode.value !== 'shadow' }),
  };
}

/** What known facts leave open, of the releases that print lines as the input has them. */
function contextsFor(known: MachineFacts, read: ReadFacts): ContextCandidate[] {
  const all = contextCandidates(known);
  if (known.kernel !== undefined) return all;
  const printing = all.filter(({ releases: [first, last] }) => isWithin(read, first, last));
  return printing.length === 0 ? all : printing;
}

/** Whether releases, first and last, overlap with those that print such lines. */
function isWithin({ since, until }: ReadFacts, first: string, last: string): boolean {
  return (
    (since === undefined || isAtMost(since.value, last)) &&
    (until === undefined || isAtMost(first, until.value))
  );
}

function rate(candidates: readonly ContextCandidate[], patterns: readonly PatternOfEntries[]): Rated[] {
  let limit = Number.POSITIVE_INFINITY;
  return candidates.map((candidate) => {
    const rated = { candidate, score: scoreOf(candidate.mmu, patterns, limit) };
    if (rated.score.unexplained <= limit) limit = Math.min(limit, costOf(rated) + TOLERANCE);
    return rated;
  });
}

/** Those that the entries do not rule out, the likeliest first. */
function kept(rated: readonly Rated[], patterns: number): Rated[] {
  const best = Math.min(...rated.map(costOf));
  const most = best + (patterns < FEW ? 0 : TOLERANCE);
  return rated.filter((one) => costOf(one) <= most).toSorted((a, b) => costOf(a) - costOf(b));
}

/** The release that stands for those of a candidate: the reference where it is among them, else the newest. */
function releaseOf({ releases: [first, last] }: ContextCandidate, read: ReadFacts): string {
  const among = readReleases
    .map((run) => formatKernelVersion(run.last))
    .filter(
      (release) => isAtMost(first, release) && isAtMost(release, last) && isWithin(read, release, release),
    );
  const reference = formatKernelVersion(REFERENCE);
  return among.includes(reference) ? reference : (among.at(-1) ?? last);
}

/** The mode of a configuration. */
function modeOf({ vendor, root }: HostConfig): ContextMode {
  if (root.kind === 'ept12') return 'ept12';
  if (vendor.name === 'vmx') return vendor.options.ept === false || root.kind === 'shadow' ? 'shadow' : 'ept';
  return vendor.options.npt === false || root.kind === 'shadow' ? 'shadow' : 'npt';
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
    value: ({ candidate }) => candidate.releases.join('-'),
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
  { name: 'ad', given: ({ ad }) => ad, value: ({ candidate }) => candidate.facts.ad },
  {
    name: 'maxphyaddr',
    given: ({ maxphyaddr, physBits }) => maxphyaddr ?? physBits,
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
  { given = {}, read = {}, entries }: ContextQuestion,
  config: HostConfig,
  possible: readonly [Rated, ...Rated[]],
): Record<string, ContextFact> {
  const [best] = possible;
  const looked = entries?.list().length ?? 0;
  const facts: Record<string, ContextFact> = {};
  for (const { name, given: givenIn, read: readIn, value } of DIMENSIONS) {
    const here = name === 'kernel' ? config.kernel : value(best);
    if (here === undefined) continue;
    const source = readIn?.(read);
    const values = [...new Set(possible.map((one) => value(one)))].filter((one) => one !== undefined);
    facts[name] =
      givenIn(given) !== undefined
        ? { value: here, origin: 'given', from: 'what was given' }
        : source !== undefined
          ? { value: here, origin: 'read', from: source }
          : rankedOrAssumed(here, values, looked);
  }
  return { ...facts, ...kernelFacts(config.kernel) };
}

function rankedOrAssumed(
  value: ContextFact['value'],
  values: readonly ContextFact['value'][],
  looked: number,
): ContextFact {
  if (looked === 0) return { value, origin: 'assumed', from: 'nothing says it' };
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
function contradictionsOf(
  { given = {}, read = {} }: ContextQuestion,
  best: Rated,
  patterns: readonly PatternOfEntries[],
): string[] {
  const said: string[] = [];
  const { kernel, vendor, tdp } = given;
  if (vendor !== undefined && read.vendor !== undefined && read.vendor.value !== vendor) {
    said.push(`--vendor ${vendor}, but the input is of ${read.vendor.value}: ${read.vendor.from}`);
  }
  if (tdp !== undefined && read.mode !== undefined && (read.mode.value !== 'shadow') !== tdp) {
    said.push(
      `${tdp ? 'EPT or NPT' : 'shadow paging'} is given, but the input shows ${read.mode.value}: ${read.mode.from}`,
    );
  }
  if (kernel !== undefined && read.kernel !== undefined && baseOf(kernel) !== baseOf(read.kernel.value)) {
    said.push(`--kernel ${kernel}, but the input names ${read.kernel.value}: ${read.kernel.from}`);
  }
  if (kernel !== undefined && best.score.unexplained > TOLERANCE) {
    const { kernel: _kernel, ...rest } = given;
    const [other] = likely(defined(rest), {}, patterns);
    if (other !== undefined && other.score.unexplained < best.score.unexplained / 2) {
      const { releases } = other.candidate;
      said.push(
        `--kernel ${kernel}, but ${counted(best.score.unexplained, 'entry', 'entries')} not clean under it: under ${releases.join('-')}, ${other.score.unexplained}`,
      );
    }
  }
  return said;
}

const baseOf = (release: string): string => formatKernelVersion(readKernelRelease(release));
