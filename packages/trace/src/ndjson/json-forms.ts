// SPDX-License-Identifier: GPL-2.0-only
import type { Arena } from '@spte/wasm';
import { showsChange } from '../annotate/annotate-change.ts';
import { type FaultPart, faultFields, NO_FIELDS, PLAN_PARTS, WORD_PARTS } from '../annotate/explain-fault.ts';
import { CHECKED, type CheckBasis, FOLLOWS, LEAVING_EVENTS } from '../annotate/printed-check.ts';
import type { Seen } from '../annotate/tally.ts';
import type { Token } from '../events/pattern.ts';
import type { RecordForm, SpteRole } from '../events/record.ts';
import * as FORM from '../wasm/json-form.ts';
import { COUNT, FIRST } from '../wasm/seen.ts';

/** A field of a line: what {@link Token} says of it. */
export type JsonField = Pick<Token, 'field' | 'kind' | 'role'>;

/** How a field is written, as the kernel has it. */
const WRITTEN: Readonly<Record<Token['kind'], number>> = {
  literal: FORM.NO_FIELD,
  hex: FORM.HEX,
  pointer: FORM.HEX,
  decimal: FORM.DECIMAL,
  decimalHex: FORM.DECIMAL_HEX,
  word: FORM.WORD,
  words: FORM.WORD,
  flags: FORM.WORD,
  parenthesized: FORM.WORD,
  switch: FORM.SWITCH,
};

/** What checks depend on, as the kernel has it. */
const DEPENDS: Readonly<Record<CheckBasis, number>> = {
  attributes: FORM.OF_PIECE,
  value: FORM.OF_VALUE,
  before: FORM.OF_BEFORE,
};

/**
 * Writes a form where the kernel finds it; returns its address.
 *
 * @param explains whether exits and faults are explained
 */
export function createJsonForm(
  arena: Arena,
  event: string,
  form: RecordForm,
  fields: readonly JsonField[],
  explains: boolean,
): number {
  const indexOf = (name: string, ...kinds: readonly Token['kind'][]): number =>
    fields.findIndex(({ field, kind }) => field === name && kinds.includes(kind));
  const sptes = fields.flatMap(({ role }, index) => (role === null ? [] : [{ role, index }]));
  const checked = CHECKED[event];
  const hasChecks = checked !== undefined && (checked.of === 'before' || sptes.length > 0);
  const keyFields = fields.flatMap(({ field }, i) => (checked?.fields.includes(field) === true ? [i] : []));
  const faults = explains ? faultFields(event, form) : NO_FIELDS;
  const explained = faults !== NO_FIELDS;
  const partFields = (parts: readonly FaultPart[]): number[] =>
    parts.map((part) => indexOf(faults[part] ?? '', 'hex', 'decimal', 'words')).filter((index) => index >= 0);
  const planFields = partFields(PLAN_PARTS);
  const wordFields = partFields(WORD_PARTS);
  const head = `,"event":${JSON.stringify(event)},"timestamp":`;
  const place = arena.record(FORM.FIELDS + FORM.FIELD_BYTES * (fields.length + 1), {
    [FORM.HEAD]: arena.text(head),
    [FORM.HEAD_LENGTH]: head.length,
    [FORM.GFN]: indexOf('gfn', 'hex', 'decimalHex') + 1,
    [FORM.LEVEL]: indexOf('level', 'decimal') + 1,
    [FORM.SPTE_COUNT]: sptes.length,
    [FORM.SPTES]: writeSptes(arena, sptes),
    [FORM.CHECKS]: hasChecks ? DEPENDS[checked.of] : FORM.NO_CHECKS,
    [FORM.KEY_FIELD_COUNT]: keyFields.length,
    [FORM.KEY_FIELDS]: arena.words(keyFields),
    [FORM.AFTER]: LEAVING_EVENTS.indexOf(FOLLOWS[event] ?? '') + 1,
    [FORM.LEAVES]: sptes.length > 0 || explained ? LEAVING_EVENTS.indexOf(event) + 1 : 0,
    [FORM.CHANGES]: Number(showsChange(event, sptes)),
    [FORM.EXPLAINED]: Number(explained),
    [FORM.PLAN_FIELD_COUNT]: planFields.length,
    [FORM.PLAN_FIELDS]: arena.words(planFields),
    [FORM.WORD_FIELD_COUNT]: wordFields.length,
    [FORM.WORD_FIELDS]: arena.words(wordFields),
    [FORM.FIELD_COUNT]: fields.length,
  });
  for (let i = 0; i <= fields.length; i++) {
    const { field, kind } = fields[i] ?? { field: null, kind: 'literal' };
    const text = field === null ? '},"sptes":[' : `${i === 0 ? ',"fields":{' : ','}${JSON.stringify(field)}:`;
    arena.put(place + FORM.FIELDS + FORM.FIELD_BYTES * i, {
      [FORM.FIELD_KIND]: WRITTEN[kind],
      [FORM.FIELD_TEXT]: arena.text(text),
      [FORM.FIELD_TEXT_LENGTH]: text.length,
    });
  }
  return place;
}

/** The SPTEs of a form, by which of its fields they are. */
function writeSptes(
  arena: Arena,
  sptes: readonly { readonly role: SpteRole; readonly index: number }[],
): number {
  const at = arena.take(FORM.SPTE_BYTES * sptes.length);
  for (const [i, { role, index }] of sptes.entries()) {
    const text = JSON.stringify(role);
    arena.put(at + FORM.SPTE_BYTES * i, {
      [FORM.SPTE_FIELD]: index,
      [FORM.ROLE]: arena.text(text),
      [FORM.ROLE_LENGTH]: text.length,
      [FORM.IS_GUEST]: Number(role === 'guest'),
    });
  }
  return at;
}

/** How often the form, or the piece, at an address was used since the last time, and where first (NaN for never). */
export function takeSeen(view: DataView, place: number): Seen {
  const seen = {
    count: view.getFloat64(place + COUNT, true),
    first: view.getFloat64(place + FIRST, true),
  };
  view.setFloat64(place + COUNT, 0, true);
  return seen;
}
