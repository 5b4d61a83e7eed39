// SPDX-License-Identifier: GPL-2.0-only
import { CHECKED, FOLLOWS, MMIO_EVENTS } from '../annotate/check.ts';
import type { Seen } from '../annotate/tally.ts';
import type { Token } from '../events/pattern.ts';
import type { Arena } from '../wasm/kernel.ts';

/** A field of a line: what {@link Token} says of it. */
export type JsonField = Pick<Token, 'field' | 'kind' | 'role'>;

/** How a field is written, as in assembly/json.ts. */
const WRITTEN: Readonly<Record<Token['kind'], number>> = {
  literal: -1,
  hex: 0,
  pointer: 0,
  decimal: 1,
  decimalHex: 2,
  word: 3,
  flags: 3,
  parenthesized: 3,
  switch: 4,
};

/** What checks depend on, as in assembly/json.ts. */
const DEPENDS = { nothing: 0, attributes: 1, value: 2, before: 3 } as const;

/** Where a form, or a piece, counts its lines. */
const COUNT = 0;
const FIRST = 8;

/** Writes a form where the kernel finds it; returns its address. */
export function createJsonForm(arena: Arena, event: string, fields: readonly JsonField[]): number {
  const indexOf = (name: string, ...kinds: readonly Token['kind'][]): number =>
    fields.findIndex(({ field, kind }) => field === name && kinds.includes(kind));
  const sptes = fields.flatMap(({ role }, index) => {
    if (role === null) return [];
    const text = JSON.stringify(role);
    return [[index, arena.text(text), text.length, Number(role === 'guest')]];
  });
  const checked = CHECKED[event];
  const hasChecks = checked !== undefined && (checked.of === 'before' || sptes.length > 0);
  const keyFields = fields.flatMap(({ field }, i) => (checked?.fields.includes(field) === true ? [i] : []));
  const head = `,"event":${JSON.stringify(event)},"timestamp":`;
  const texts = [
    ...fields.map(({ field }, i) => `${i === 0 ? ',"fields":{' : ','}${JSON.stringify(field)}:`),
    '},"sptes":[',
  ];
  const seenNothing = [0, 0, 0, 0];
  return arena.words([
    ...seenNothing,
    arena.text(head),
    head.length,
    fields.length,
    indexOf('gfn', 'hex', 'decimalHex') + 1,
    indexOf('level', 'decimal') + 1,
    sptes.length,
    arena.words(sptes.flat()),
    DEPENDS[hasChecks ? checked.of : 'nothing'],
    MMIO_EVENTS.indexOf(FOLLOWS[event] ?? '') + 1,
    2 + keyFields.length,
    arena.words(keyFields),
    sptes.length > 0 ? MMIO_EVENTS.indexOf(event) + 1 : 0,
    ...texts.flatMap((text, i) => [WRITTEN[fields[i]?.kind ?? 'literal'], arena.text(text), text.length]),
  ]);
}

/** How often the form, or the piece, at an address was used since the last time, and where first (NaN for never). */
export function takeSeen(view: DataView, place: number): Seen {
  const seen = { count: view.getFloat64(place + COUNT, true), first: view.getFloat64(place + FIRST, true) };
  view.setFloat64(place + COUNT, 0, true);
  return seen;
}
