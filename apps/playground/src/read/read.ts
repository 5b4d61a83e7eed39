// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, type Explanation, explainSpte, hex, type Mmu } from '@spte/core';
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
      headline: headlineOf(explained),
      cells: cellsOf(spte, explained.fields, wrongBits(explained.findings)),
      items: itemsOfFields(explained.fields),
      facts: factsOf(mmu, explained),
      proofs: proofsOf(explained),
    };
  });
}

const PAGE_SIZES: Readonly<Record<number, string>> = { 1: '4K', 2: '2M', 3: '1G' };

/** The entry in a sentence. */
function headlineOf({ kind, level, mapping, mmio }: DecodedSpte): string {
  const hpa = mapping === null ? '' : hex(mapping.hpa);
  const page = level === null || PAGE_SIZES[level] === undefined ? 'page' : `${PAGE_SIZES[level]} page`;
  switch (kind) {
    case 'leaf':
      return `Leaf: maps the ${page} at ${hpa}`;
    case 'tracked':
      return `Access-tracked leaf: would map the ${page} at ${hpa}, permissions taken away`;
    case 'table':
      return `Table: points to the table at ${hpa}`;
    case 'mmio':
      return `MMIO: nothing is mapped at gpa ${hex(mmio?.gpa ?? 0n)}, the access is emulated`;
    case 'frozen':
      return 'Frozen: a CPU is changing this entry';
    case 'empty':
      return 'Empty: maps nothing';
    case 'unknown':
      return 'Not an entry that KVM makes on this machine: neither present, MMIO, frozen nor empty';
  }
}
