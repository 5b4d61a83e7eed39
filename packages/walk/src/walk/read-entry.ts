// SPDX-License-Identifier: GPL-2.0-only
import {
  type Finding,
  isPresentKind,
  isSpecialRootEntry,
  judgeSpte,
  type Mmu,
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
}

/** Distinct patterns that are remembered; real tables have a few dozen, garbage any number. */
const MAX_PATTERNS = 1 << 12;

/** An entry of a special root, which leads on and cannot be wrong: one that is looks like none. */
const SPECIAL: EntryReading = { kind: 'table', findings: [] };

/** Asks core about an entry of a table. */
export function readEntry(mmu: Mmu, spte: bigint, { level, role }: Table): EntryReading {
  if (role === 'pae') return readPaeRootEntry(mmu, spte);
  if (role === 'special' && isSpecialRootEntry(mmu, spte)) return SPECIAL;
  return { kind: spteKind(mmu, spte, level), findings: judgeSpte(mmu, spte, level) };
}

/**
 * {@link readEntry} for many entries: core is asked once about present entries that differ in nothing but a page frame
 * number that no rule looks at. Of other entries every bit may matter, and there are few.
 */
export function entryReader(mmu: Mmu): (spte: bigint, table: Table) => EntryReading {
  const patterns = [1, 2, 3, 4, 5].map((level) => ({
    mask: ~pageFrameBits(mmu, level),
    known: new Map<bigint, EntryReading>(),
  }));
  return (spte, table) => {
    if (table.role !== 'shadow') return readEntry(mmu, spte, table);
    const { mask, known } = patterns[table.level - 1] as (typeof patterns)[number];
    const pattern = spte & mask;
    const found = known.get(pattern);
    if (found !== undefined) return found;
    const reading = readEntry(mmu, spte, table);
    if (isPresentKind(reading.kind)) {
      if (known.size === MAX_PATTERNS) known.clear();
      known.set(pattern, reading);
    }
    return reading;
  };
}
