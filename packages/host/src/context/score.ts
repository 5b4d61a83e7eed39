// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, bit, isPresentKind, type Mmu, type Sample, type SpteKind, summarizeSpte } from '@spte/core';

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

/** A pattern as a context reads it. */
interface Read extends PatternOfEntries {
  readonly kind: SpteKind;
}

/** Rates a context by entries; gives up where more than `limit` of them make no sense. */
export function scoreOf(mmu: Mmu, patterns: readonly PatternOfEntries[], limit: number): Score {
  const read: Read[] = [];
  let unexplained = 0;
  for (const { value, level, count } of patterns) {
    const { kind, findings } = summarizeSpte(mmu, value, level);
    if (findings.length === 0) read.push({ value, level, count, kind });
    else unexplained += count;
    if (unexplained > limit) return { unexplained, unusual: 0, contradicted: 0 };
  }
  const unusual = HABITS.reduce((sum, habit) => sum + habit(mmu, read), 0);
  return { unexplained, unusual, contradicted: 0 };
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

/** How many entries are not as KVM writes them. */
type Habit = (mmu: Mmu, read: readonly Read[]) => number;

const total = (read: readonly Read[]): number => read.reduce((sum, { count }) => sum + count, 0);

/** An entry of the CPU's own tables says that its A/D bits are used where they are, and else that they are not. */
const adType: Habit = ({ masks, layout, vendor }, read) => {
  if (!masks.tdpEnabled || vendor.format.name !== 'ept') return 0;
  const usual = masks.kvmAdEnabled ? 0n : 1n << layout.adType.shift;
  return total(
    read.filter(
      ({ value, kind }) => isPresentKind(kind) && kind !== 'table' && (value & layout.adType.mask) !== usual,
    ),
  );
};

/** Mappings of which some are a kernel's, in all likelihood, where there are pages of a kernel. */
const MANY = 64;

/** All that NPT maps is a user's to the CPU. In shadow paging the guest's kernel has pages of its own. */
const userAccess: Habit = ({ masks, vendor }, read) => {
  if (vendor.format.name === 'ept') return 0;
  const leaves = read.filter(({ kind }) => isPresentKind(kind) && kind !== 'table');
  const kernels = leaves.filter(({ value }) => (value & masks.user) === 0n);
  if (masks.tdpEnabled) return total(kernels);
  return kernels.length === 0 && total(leaves) >= MANY ? total(leaves) : 0;
};

/** Where the bits that L1TF inverts are: below bit 44, or below bit 46. */
const GUARDS: readonly bigint[] = [0x1fn << 39n, 0x1fn << 41n];

/** A gfn in the last 32nd of all that there can be, in every MMIO entry, is no gfn: the CPU has L1TF. */
const noGuard: Habit = ({ masks }, read) => {
  const mmio = read.filter(({ kind }) => kind === 'mmio');
  if (masks.nonpresentOrRsvd !== 0n) return 0;
  return Math.max(...GUARDS.map((guard) => total(mmio.filter(({ value }) => (value & guard) === guard))));
};

/** Where the host's own encryption bit may be. */
const C_BITS: readonly bigint[] = [1n << 47n, 1n << 51n];

/** An address bit that every entry has is no address bit: the host encrypts its memory. */
const noEncryption: Habit = ({ masks, vendor }, read) => {
  if (masks.meMask !== 0n || vendor.name !== 'svm') return 0;
  const present = read.filter(({ kind }) => isPresentKind(kind));
  const everywhere = C_BITS.some((bit) => present.every(({ value }) => (value & bit) !== 0n));
  return everywhere ? total(present) : 0;
};

/** That a host encrypts its memory is seen in its entries. */
const unseenEncryption: Habit = ({ masks }, read) =>
  masks.meMask === 0n || read.some(({ value, kind }) => isPresentKind(kind) && (value & masks.meMask) !== 0n)
    ? 0
    : 1;

const HABITS: readonly Habit[] = [adType, userAccess, noGuard, noEncryption, unseenEncryption];
