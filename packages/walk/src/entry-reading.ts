// SPDX-License-Identifier: GPL-2.0-only
import { isPresentKind, judgeSpte, type Mmu, spteKind } from '@spte/core';
import { readPaeRootEntry } from './pae-root.ts';
import { pageFrameBits } from './pattern.ts';
import type { EntryReading } from './reading.ts';

/** Distinct patterns that are remembered; real tables have a few dozen, garbage any number. */
const MAX_PATTERNS = 1 << 12;

/** Asks core about an entry of a table. */
export function readEntry(mmu: Mmu, spte: bigint, level: number, pae: boolean): EntryReading {
  if (pae) return readPaeRootEntry(mmu, spte);
  return { kind: spteKind(mmu, spte, level), findings: judgeSpte(mmu, spte, level) };
}

/**
 * {@link readEntry} for many entries: core is asked once about present entries that differ in nothing but a page frame
 * number that no rule looks at. Of other entries every bit may matter, and there are few.
 */
export function entryReader(mmu: Mmu): (spte: bigint, level: number, pae: boolean) => EntryReading {
  const patterns = [1, 2, 3, 4, 5].map((level) => ({
    mask: ~pageFrameBits(mmu, level),
    known: new Map<bigint, EntryReading>(),
  }));
  return (spte, level, pae) => {
    if (pae) return readPaeRootEntry(mmu, spte);
    const { mask, known } = patterns[level - 1] as (typeof patterns)[number];
    const pattern = spte & mask;
    const found = known.get(pattern);
    if (found !== undefined) return found;
    const reading = readEntry(mmu, spte, level, pae);
    if (isPresentKind(reading.kind)) {
      if (known.size === MAX_PATTERNS) known.clear();
      known.set(pattern, reading);
    }
    return reading;
  };
}
