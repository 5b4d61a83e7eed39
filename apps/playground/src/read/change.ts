// SPDX-License-Identifier: GPL-2.0-only
import {
  checkU64,
  type DecodedSpte,
  type Diagnostic,
  type ExplainedChange,
  explainChange,
  judgeSpte,
  type Mmu,
  objectionText,
  verdict,
} from '@spte/core';
import { type BitItem, itemsOfFields } from '../bits/bit-item.ts';
import { bitText, maskOf } from '../bits/bit-ranges.ts';
import { type Cell, cellsOf } from '../bits/cells.ts';
import { ownerOf } from '../bits/owners.ts';
import { type Attempt, attempt, Reader } from '../fields/attempt.ts';
import { parseHex } from '../fields/parse.ts';
import type { ReadForm } from '../state/read-form.ts';
import type { FactGroup } from './facts.ts';
import { wrongBits } from './findings.ts';
import { levelOf, sentence } from './read.ts';

/** One of the two entries of a change. */
interface ChangeSide {
  readonly value: bigint;
  readonly level: number | null;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
}

/** A change of an entry, ready to be shown. */
export interface EntryChange {
  readonly headline: string;
  readonly facts: readonly FactGroup[];
  readonly from: ChangeSide;
  readonly to: ChangeSide;
  /** The fields that changed. */
  readonly items: readonly BitItem[];
  readonly warnings: readonly Diagnostic[];
}

/** Explains the change that the form asks about; null when it asks about none. */
export function changeOf(mmu: Mmu, form: ReadForm): Attempt<EntryChange | null, keyof ReadForm> {
  if (form.becomes.trim() === '') return { ok: true, value: null };
  const reader = new Reader<keyof ReadForm>();
  const spte = reader.read('spte', parseHex(form.spte), 0n);
  const becomes = reader.read('becomes', parseHex(form.becomes), 0n);
  return attempt(reader, { spte: 'spte', becomes: 'becomes', level: 'level' }, () => {
    checkU64('spte', spte);
    checkU64('becomes', becomes);
    const change = explainChange(mmu, spte, becomes, levelOf(form));
    const differing = maskOf(change.bits);
    return {
      headline: sentence(verdict(change)),
      facts: [outcomeFacts(change)],
      from: sideOf(mmu, change.from, differing),
      to: sideOf(mmu, change.to, differing),
      items: itemsOfChange(change),
      warnings: change.warnings,
    };
  });
}

function outcomeFacts({ from, to, objections, flush, lost }: ExplainedChange): FactGroup {
  const losses = [lost.accessed && 'accessed', lost.dirty && 'dirty'].filter((word) => word !== false);
  return {
    title: 'Outcome',
    facts: [
      { name: 'kinds', value: `${from.kind} → ${to.kind}`, tone: 'plain' },
      {
        name: 'allowed',
        value: objections.length === 0 ? 'yes' : `no: ${objections.map(objectionText).join('; ')}`,
        tone: objections.length === 0 ? 'good' : 'bad',
      },
      { name: 'TLB flush', value: flush ? 'due' : 'not due', tone: 'plain' },
      { name: 'lost', value: losses.length === 0 ? 'nothing' : losses.join(', '), tone: 'plain' },
    ],
  };
}

function sideOf(mmu: Mmu, { value, level, fields }: DecodedSpte, differing: bigint): ChangeSide {
  const wrong = wrongBits(judgeSpte(mmu, value, level));
  return { value, level, cells: cellsOf(value, fields, wrong, differing), items: itemsOfFields(fields) };
}

function itemsOfChange({ fields, to }: ExplainedChange): BitItem[] {
  return fields.map(({ name, bits, from: before, to: after }) => {
    const mask = maskOf(bits);
    const field = to.fields.find((field) => field.name === name);
    return {
      id: `${name}-${mask}`,
      name,
      short: null,
      owner: field === undefined ? 'unused' : ownerOf(field),
      mask,
      bits: bitText(mask),
      value: `${before} → ${after}`,
      meaning: field?.meaning ?? '',
      why: null,
      rule: null,
    };
  });
}
