// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap, type DecodedMapping, decodeSpte, LEVELS, type Mmu, type SpteKind } from '@spte/core';
import type { WalkEntry } from '../walk/entry.ts';
import type { EntryFinding } from '../walk/findings.ts';
import { pageFrameBits } from '../walk/pattern.ts';
import { entryBytes } from '../walk/root.ts';
import { leafCounter } from './leaf-shares.ts';
import type { FindingSummary, KindCounts, LevelSummary, WalkSummary } from './walk-summary.ts';

/** Counts the entries of a walk one by one, for a caller that does more with them. */
export interface WalkSummarizer {
  /** Counts one entry. */
  add(entry: WalkEntry): void;
  /** What was counted so far. */
  summary(): WalkSummary;
}

/** Leaves that differ in nothing but a page frame: core is asked about one of them. */
interface Pattern {
  readonly mapping: DecodedMapping;
  count: number;
}

interface Level {
  readonly level: number;
  readonly kinds: { -readonly [Kind in SpteKind]: number };
  readonly mask: bigint;
  readonly patterns: BoundedMap<bigint, Pattern>;
}

interface Found {
  readonly first: EntryFinding;
  readonly examples: WalkEntry[];
  count: number;
}

/** Examples of a finding that are kept. */
const EXAMPLES = 3;

/** Distinct patterns to remember before they are added up; real tables have a few dozen, garbage any number. */
const MAX_PATTERNS = 1 << 12;

/**
 * Says what a walk came across: kinds, page sizes, mapped bytes, accessed and dirty shares, memory types, findings.
 *
 * ```ts
 * const { mapped, findings } = summarizeWalk(mmu, walk(mmu, memory, { root }));
 * ```
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { bytesMemory, summarizeWalk, walk } from '@spte/walk';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * const image = new Uint8Array(0x2000);
 * const entries = new DataView(image.buffer);
 * entries.setBigUint64(0x1000, 0x42b4e67n, true);
 * entries.setBigUint64(0x1008, 0x42b5e25n, true);
 * const { mapped, writable } = summarizeWalk(mmu, walk(mmu, bytesMemory(image), { root: 0x1000n, level: 1 }));
 * [mapped.bytes, writable.bytes]; // [ 8192n, 4096n ]
 * ```
 */
export function summarizeWalk(mmu: Mmu, entries: Iterable<WalkEntry>): WalkSummary {
  const summarizer = walkSummarizer(mmu);
  for (const entry of entries) summarizer.add(entry);
  return summarizer.summary();
}

/** Starts a {@link WalkSummary} that grows entry by entry; the memory that it takes does not. */
export function walkSummarizer(mmu: Mmu): WalkSummarizer {
  const leaves = leafCounter();
  const addUp = ({ level, patterns }: Level): void => {
    for (const { mapping, count } of patterns.values()) leaves.add(level, mapping, count);
    patterns.clear();
  };
  // Index `level - 1`.
  const levels = LEVELS.map((level) => emptyLevel(mmu, level, addUp));
  const findings = new Map<EntryFinding['code'], Found>();
  const possible = new Map<EntryFinding['code'], Found>();

  const countLeaf = (at: Level, spte: bigint): void => {
    const pattern = spte & at.mask;
    const known = at.patterns.get(pattern);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const mapping = decodeSpte(mmu, spte, at.level).mapping as DecodedMapping;
    at.patterns.set(pattern, { mapping, count: 1 });
  };
  return {
    add(entry) {
      const { level, kind, spte } = entry;
      const at = levels[level - 1] as Level;
      at.kinds[kind]++;
      if (kind === 'leaf' || kind === 'tracked') countLeaf(at, spte);
      for (const finding of entry.findings) countFinding(findings, finding, entry);
      for (const { finding } of entry.possible) countFinding(possible, finding, entry);
    },
    summary() {
      levels.forEach(addUp);
      const summaries = levels.map(levelSummary).filter(({ entries }) => entries > 0);
      return {
        entries: summaries.reduce((sum, { entries }) => sum + entries, 0),
        kinds: summaries.reduce((sum, { kinds }) => addKinds(sum, kinds), NO_KINDS),
        levels: summaries.toReversed(),
        ...leaves.shares(),
        memtypes: leaves.memtypes(),
        readOnly: leaves.readOnly(),
        findings: mostFirst(findings),
        possible: mostFirst(possible),
      };
    },
  };
}

function mostFirst(findings: ReadonlyMap<EntryFinding['code'], Found>): FindingSummary[] {
  return [...findings.values()]
    .map(({ first: { code, severity }, count, examples }) => ({
      code,
      severity,
      count,
      examples: [...examples],
    }))
    .toSorted((a, b) => b.count - a.count);
}

function countFinding(
  findings: Map<EntryFinding['code'], Found>,
  finding: EntryFinding,
  entry: WalkEntry,
): void {
  const found = findings.get(finding.code) ?? { first: finding, examples: [], count: 0 };
  found.count++;
  if (found.examples.length < EXAMPLES) found.examples.push(entry);
  findings.set(finding.code, found);
}

const NO_KINDS: KindCounts = { leaf: 0, tracked: 0, table: 0, mmio: 0, frozen: 0, empty: 0, unknown: 0 };

/** @param addUp adds up the patterns of the level before they are forgotten */
function emptyLevel(mmu: Mmu, level: number, addUp: (level: Level) => void): Level {
  const at: Level = {
    level,
    kinds: { ...NO_KINDS },
    mask: ~pageFrameBits(mmu, level),
    patterns: new BoundedMap(MAX_PATTERNS, () => addUp(at)),
  };
  return at;
}

function levelSummary({ level, kinds }: Level): LevelSummary {
  const leaves = kinds.leaf + kinds.tracked;
  const bytes = entryBytes(level);
  const entries = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  const mapped = { leaves, bytes: BigInt(leaves) * bytes };
  return { level, entryBytes: bytes, entries, kinds: { ...kinds }, mapped };
}

function addKinds(a: KindCounts, b: KindCounts): KindCounts {
  const names = Object.keys(NO_KINDS) as SpteKind[];
  return Object.fromEntries(names.map((kind) => [kind, a[kind] + b[kind]])) as KindCounts;
}
