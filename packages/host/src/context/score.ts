// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bit, countUnusual, type Mmu, type ReadEntry, type Sample, summarizeSpte } from '@spte/core';

/** Address bits of a pattern: entries that differ in lower ones only count as one. */
const FAR = ADDRESS & ~0xffff_ffffn;

/** Most patterns that are looked at; real traces have fewer than a hundred. */
const MAX_PATTERNS = 512;

/** Entries that are alike, by one of them. */
export interface PatternOfEntries {
  readonly value: bigint;
  /** Null where it is not known. */
  readonly level: number | null;
  /** How often such an entry was seen. */
  count: number;
}

/** What an input says of entries that is so on the right machine only: what was printed beside them, what became of them. */
export interface Claim {
  /** The same for claims that hold or fail together. */
  readonly key: string;
  /** The entries that it is about. Where one of them makes no sense by itself, the claim tells nothing more. */
  readonly about: readonly Sample[];
  /** Whether it is so on a machine. */
  readonly holds: (mmu: Mmu) => boolean;
}

/** Most claims that are looked at. */
const MAX_CLAIMS = 256;

/** Claims that are alike, by one of them. */
export interface CountedClaim extends Claim {
  /** How often it was made. */
  count: number;
}

/**
 * Gathers entries that differ in more than where in 4 GiB their page is, and what is claimed of them: 512 patterns and 256
 * claims at most, the first that come.
 */
export class EntryPatterns {
  readonly #all = new Map<string, PatternOfEntries>();
  readonly #claims = new Map<string, CountedClaim>();

  /** Counts an entry; its pattern is kept while there are fewer than 512. */
  add({ value, level = null }: Sample): void {
    const key = `${level ?? ''} ${(value & ~ADDRESS) | (value & FAR)}`;
    const known = this.#all.get(key);
    if (known !== undefined) known.count++;
    else if (this.#all.size < MAX_PATTERNS) this.#all.set(key, { value, level, count: 1 });
  }

  /** Counts a claim; it is kept while there are fewer than 256. */
  addClaim(claim: Claim): void {
    const known = this.#claims.get(claim.key);
    if (known !== undefined) known.count++;
    else if (this.#claims.size < MAX_CLAIMS) this.#claims.set(claim.key, { ...claim, count: 1 });
  }

  /** The claims, with how often each was made, in the order in which they came. */
  claims(): readonly CountedClaim[] {
    return [...this.#claims.values()];
  }

  /** One entry of each pattern, with how often it was seen, in the order in which they came. */
  list(): readonly PatternOfEntries[] {
    return [...this.#all.values()];
  }
}

/** How badly entries fit a context. */
export interface Score {
  /** Entries that make no sense in it. */
  readonly unexplained: number;
  /** Entries that make sense, but are not as KVM writes them there. */
  readonly unusual: number;
  /** What the input says of entries that make sense, and that is not so there. */
  readonly contradicted: number;
}

/** Rates a context by entries; gives up where more than `limit` of them make no sense. */
export function scoreOf(mmu: Mmu, patterns: readonly PatternOfEntries[], limit: number): Score {
  const read: ReadEntry[] = [];
  let unexplained = 0;
  for (const { value, level, count } of patterns) {
    const { kind, findings } = summarizeSpte(mmu, value, level);
    if (findings.length === 0) read.push({ value, kind, count });
    else unexplained += count;
    if (unexplained > limit) return { unexplained, unusual: 0, contradicted: 0 };
  }
  return { unexplained, unusual: countUnusual(mmu, read), contradicted: 0 };
}

/** How many of the claims are not so, of entries that make sense; gives up beyond `limit`. */
export function contradictedIn(mmu: Mmu, claims: readonly CountedClaim[], limit: number): number {
  let contradicted = 0;
  for (const { about, holds, count } of claims) {
    if (holds(mmu) || !about.every((entry) => makesSense(mmu, entry))) continue;
    contradicted += count;
    if (contradicted > limit) break;
  }
  return contradicted;
}

/** Whether each entry that makes no sense would with one bit flipped, as one that is corrupt does. */
export function isOneBitOff(mmu: Mmu, patterns: readonly PatternOfEntries[]): boolean {
  return patterns.every(
    (entry) => makesSense(mmu, entry) || FLIPS.some((flip) => makesSense(mmu, entry, flip)),
  );
}

const FLIPS = Array.from({ length: 64 }, (_, at) => bit(at));

const makesSense = (mmu: Mmu, { value, level = null }: Sample, flip = 0n): boolean =>
  summarizeSpte(mmu, value ^ flip, level).findings.length === 0;
