// SPDX-License-Identifier: GPL-2.0-only
import {
  acrossContexts,
  addressDependence,
  BoundedMap,
  type Candidate,
  type Fallback,
  type Finding,
  isPresentKind,
  isSpecialRootEntry,
  judgeSpte,
  LEVELS,
  type Mmu,
  type PossibleFinding,
  readPaeRootEntry,
  type SpteKind,
  spteKind,
} from '@spte/core';
import { pageFrameBits } from './pattern.ts';
import type { Table } from './table.ts';

/** What an entry is, and what is wrong with its bits. */
export interface EntryReading {
  readonly kind: SpteKind;
  readonly findings: readonly Finding[];
  readonly possible: readonly PossibleFinding[];
}

/** Distinct patterns that are remembered; real tables have a few dozen, garbage any number. */
const MAX_PATTERNS = 1 << 12;

/** An entry of a special root, which leads on and cannot be wrong: one that is looks like none. */
const SPECIAL: EntryReading = { kind: 'table', findings: [], possible: [] };

/** Asks core about an entry of a table, which may be of other contexts too. */
export function readEntry(
  mmu: Mmu,
  spte: bigint,
  { level, role }: Table,
  others: readonly Candidate[] = [],
): EntryReading {
  if (role === 'pae') return { ...readPaeRootEntry(mmu, spte), possible: [] };
  if (role === 'special' && isSpecialRootEntry(mmu, spte)) return SPECIAL;
  const own = judgeSpte(mmu, spte, level);
  return { kind: spteKind(mmu, spte, level), ...acrossContexts(own, spte, level, others) };
}

/**
 * What makes walks slower than they could be, and why: nothing with the vendors and policies of this repository. Their
 * results are right; core is asked about each entry.
 */
export function walkFallbacks(mmu: Mmu): readonly Fallback[] {
  const { unknown } = addressDependence(mmu, null);
  return unknown === null ? [] : [{ what: 'walk', why: unknown }];
}

/**
 * {@link readEntry} for many entries: core is asked once about present entries that differ in nothing but a page frame
 * number that no rule looks at. Of other entries every bit may matter, and there are few.
 */
export function entryReader(
  mmu: Mmu,
  others: readonly Candidate[] = [],
): (spte: bigint, table: Table) => EntryReading {
  const patterns = LEVELS.map((level) => ({
    mask: ~pageFrameBits(mmu, level, others),
    known: new BoundedMap<bigint, EntryReading>(MAX_PATTERNS),
  }));
  return (spte, table) => {
    if (table.role !== 'shadow') return readEntry(mmu, spte, table, others);
    const { mask, known } = patterns[table.level - 1] as (typeof patterns)[number];
    const pattern = spte & mask;
    const found = known.get(pattern);
    if (found !== undefined) return found;
    const reading = readEntry(mmu, spte, table, others);
    const isMmioElsewhere = others.some((other) => spteKind(other.mmu, spte, table.level) === 'mmio');
    if (isPresentKind(reading.kind) && !isMmioElsewhere) known.set(pattern, reading);
    return reading;
  };
}
