// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, decodeSpte, hex, type Mmu } from '@spte/core';
import { type Attempt, attempt, Reader } from './attempt.ts';
import { type BitItem, itemsOfFields } from './bit-item.ts';
import { bitText } from './bit-ranges.ts';
import { type Cell, cellsOf } from './cells.ts';
import { type FactGroup, factsOf } from './facts.ts';
import { type Legality, legalityOf } from './legality.ts';
import { parseHex } from './parse.ts';
import type { ReadForm } from './state.ts';

/** An entry, ready to be shown. */
export interface ReadEntry {
  readonly decoded: DecodedSpte;
  readonly headline: string;
  /** What is wrong with it; null when nothing is. */
  readonly complaint: string | null;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly facts: readonly FactGroup[];
}

/** Decodes the entry of the form. */
export function readEntry(mmu: Mmu, form: ReadForm): Attempt<ReadEntry, keyof ReadForm> {
  const reader = new Reader<keyof ReadForm>();
  const spte = reader.read('spte', parseHex(form.spte), 0n);
  const level = form.level === '?' ? null : Number(form.level);
  return attempt(reader, { spte: 'spte', level: 'level' }, () => {
    const decoded = decodeSpte(mmu, spte, level);
    const legality = legalityOf(mmu, decoded);
    return {
      decoded,
      headline: headlineOf(decoded),
      complaint: complaintOf(legality),
      cells: cellsOf(spte, decoded.fields, legality.wrong),
      items: itemsOfFields(decoded.fields),
      facts: factsOf(mmu, decoded, legality),
    };
  });
}

function complaintOf({ wrong }: Legality): string | null {
  return wrong === 0n ? null : `Not legal on this machine: see bits ${bitText(wrong)}.`;
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
