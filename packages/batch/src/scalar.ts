// SPDX-License-Identifier: GPL-2.0-only
import type { SpteKind } from '@spte/core';
import { KIND_CODES, SPTE_KINDS } from './codes.ts';
import { type Decoding, decodeMmio, PRESENT_KINDS } from './loops.ts';
import type { RuleTable } from './rule-table.ts';
import { ACCESS_MASK, ACCESS_SHIFT, FLAGS_SHIFT, KIND_MASK } from './rules.ts';
import { wordHalves as sharedHalves, word as sharedWord } from './words.ts';

/** A decoded entry; its numbers mean what they mean in `DecodedColumns`. */
export interface DecodedEntry {
  readonly kind: SpteKind;
  /** The pfn of a leaf, a tracked leaf or a table; the gfn of an MMIO entry; else 0. */
  readonly frame: bigint;
  /** See `ACCESS_BITS`. */
  readonly access: number;
  /** See `FLAG_BITS`; 0 for an entry that is not present. */
  readonly flags: number;
  /** The memslot generation of an MMIO entry (its low 32 bits, more than any kernel keeps); else 0. */
  readonly generation: number;
}

// Engines fold what is constant in a module, but not what comes from another.
const word = sharedWord;
const wordHalves = sharedHalves;
const MMIO = KIND_CODES.mmio;

/** The answer of a rule for one entry. */
export function answerFor(table: RuleTable, spte: bigint, level: number | null): number {
  const key = table.key(level);
  word[0] = spte;
  return table.answer(key, wordHalves[1] as number, wordHalves[0] as number);
}

const frames = new Int32Array(2);
const generations = new Uint32Array(1);

/** Decodes one entry. */
export function decodeEntry(
  { table, mmio, baseHi, baseLo }: Decoding,
  spte: bigint,
  level: number | null,
): DecodedEntry {
  const key = table.key(level);
  word[0] = spte;
  const lo = wordHalves[0] as number;
  const hi = wordHalves[1] as number;
  const value = table.answer(key, hi, lo);
  const code = value & KIND_MASK;
  let generation = 0;
  if (code === MMIO) {
    decodeMmio(mmio, hi, lo, 0, frames, generations);
    wordHalves[0] = frames[0] as number;
    wordHalves[1] = frames[1] as number;
    generation = generations[0] as number;
  } else {
    const present = -((PRESENT_KINDS >>> code) & 1);
    wordHalves[0] = (((lo & baseLo) >>> 12) | ((hi & baseHi) << 20)) & present;
    wordHalves[1] = ((hi & baseHi) >>> 12) & present;
  }
  return {
    kind: SPTE_KINDS[code] as SpteKind,
    frame: word[0],
    access: (value >>> ACCESS_SHIFT) & ACCESS_MASK,
    flags: value >>> FLAGS_SHIFT,
    generation,
  };
}
