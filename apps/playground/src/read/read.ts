// SPDX-License-Identifier: GPL-2.0-only
import { type Explanation, explainSpte, type Mmu, verdict } from '@spte/core';
import { type BitItem, itemsOfFields } from '../bits/bit-item.ts';
import { type Cell, cellsOf } from '../bits/cells.ts';
import { type Attempt, attempt, Reader } from '../fields/attempt.ts';
import { parseHex } from '../fields/parse.ts';
import type { ReadForm } from '../state/read-form.ts';
import { type Proofs, proofsOf } from './evidence.ts';
import { type FactGroup, factsOf } from './facts.ts';
import { wrongBits } from './findings.ts';

/** An entry, ready to be shown. */
export interface ReadEntry {
  readonly explained: Explanation;
  readonly headline: string;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly facts: readonly FactGroup[];
  readonly proofs: Proofs;
}

/** The level that the form says; null when it says that it is not known. */
export function levelOf({ level }: ReadForm): number | null {
  return level === '?' ? null : Number(level);
}

/** Decodes the entry of the form. */
export function readEntry(mmu: Mmu, form: ReadForm): Attempt<ReadEntry, keyof ReadForm> {
  const reader = new Reader<keyof ReadForm>();
  const spte = reader.read('spte', parseHex(form.spte), 0n);
  return attempt(reader, { spte: 'spte', level: 'level' }, () => {
    const explained = explainSpte(mmu, spte, levelOf(form));
    return {
      explained,
      headline: sentence(verdict(explained)),
      cells: cellsOf(spte, explained.fields, wrongBits(explained.findings)),
      items: itemsOfFields(explained.fields),
      facts: factsOf(mmu, explained),
      proofs: proofsOf(explained),
    };
  });
}

/** A text that begins as a sentence does. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
