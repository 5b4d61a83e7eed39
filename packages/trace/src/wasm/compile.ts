// SPDX-License-Identifier: GPL-2.0-only

import { LOG_TEXTS } from '../events/log-texts.ts';
import type { Pattern, Token } from '../events/pattern.ts';
import { rawFieldsOf, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { UNPARSED } from '../lines/match.ts';
import type { Arena } from './kernel.ts';
import * as STATE from './state.ts';

/** Kinds of tokens, as in assembly/match.ts. */
const KINDS: Readonly<Record<Token['kind'] | 'optional' | 'blanks', number>> = {
  hex: 0,
  decimal: 1,
  decimalHex: 2,
  word: 3,
  flags: 4,
  pointer: 5,
  parenthesized: 6,
  switch: 7,
  literal: 8,
  optional: 9,
  blanks: 10,
};

/** Whether a token is a field that a text may stand before. */
const isField = (kind: keyof typeof KINDS): boolean => KINDS[kind] < KINDS.switch;

/** What a line must hold, piece by piece. */
interface Program {
  readonly tokens: readonly { readonly kind: keyof typeof KINDS; readonly literal: string }[];
  /** How many tokens must fit; those after them may all be missing. */
  readonly required: number;
  /** Whether nothing may follow. */
  readonly whole: boolean;
  /** Where the form is of a line with so many fields; 0 for a number of fields that cannot be. */
  readonly forms: readonly number[];
}

/** Where an event's first program stands in its record. */
const FIRST_PROGRAM = 8;

/** Adds a program for an event, to be tried when those before it do not fit. */
export type AddProgram = (event: string, program: Program) => void;

/** The program of a pattern, with a form for every number of fields of its tail. */
export function patternProgram(
  { tokens, required }: Pattern,
  formOf: (fields: readonly Token[]) => number,
): Program {
  const fieldsIn = (part: readonly Token[]): Token[] => part.filter(({ kind }) => kind !== 'literal');
  const fields = fieldsIn(tokens);
  const least = fieldsIn(tokens.slice(0, required)).length;
  const forms = Array.from({ length: fields.length + 1 }, (_, count) =>
    count < least ? 0 : formOf(fields.slice(0, count)),
  );
  return { tokens, required, whole: false, forms };
}

/** Names that an object keeps in the order in which they came. */
const ORDERLY = /^(?!__proto__$)[a-z_]\w*$/i;

/** The program for lines with the `name=value` fields of a record of raw mode; null for other records. */
export function rawProgram({ event, form, fields }: TraceRecord, place: number): Program | null {
  const names = Object.keys(fields);
  if (form !== 'raw' || !names.every((name) => ORDERLY.test(name))) return null;
  const known = rawFieldsOf(event);
  const tokens = [
    { kind: 'optional' as const, literal: UNPARSED },
    ...names.flatMap((name) => [
      { kind: 'literal' as const, literal: `${name}=` },
      { kind: (known.get(name) ?? UNKNOWN_FIELD).kind, literal: '' },
      { kind: 'blanks' as const, literal: '' },
    ]),
  ];
  return { tokens, required: tokens.length, whole: true, forms: [...names.map(() => 0), place] };
}

/** Writes the events, the beginnings of log texts, and then programs, where the kernel finds them. */
export function createPrograms(arena: Arena): AddProgram {
  const records = new Map<string, number>();
  for (const event of TRACE_EVENTS.keys()) {
    const name = arena.text(event);
    const record = arena.words([name, event.length, 0]);
    records.set(event, record);
    addEvent(arena, name + event.length, record);
  }
  const starts = LOG_TEXTS.flatMap(({ start }) => [arena.text(start), start.length]);
  arena.set(STATE.LOG_STARTS, arena.words(starts));
  arena.set(STATE.LOG_START_COUNT, LOG_TEXTS.length);
  return (event, { tokens, required, whole, forms }) => {
    const parts = joined(tokens);
    const words = parts.flatMap(({ kind, literal }) => [KINDS[kind], arena.text(literal), literal.length]);
    const needed = joined(tokens.slice(0, required)).length;
    const program = [0, arena.words(words), parts.length, needed, Number(whole), arena.words(forms)];
    // The first word of a program is the next one.
    let last = (records.get(event) as number) + FIRST_PROGRAM;
    while (arena.get(last) !== 0) last = arena.get(last);
    arena.set(last, arena.words(program));
  };
}

/** Puts texts and the fields after them together. */
function joined(tokens: Program['tokens']): Program['tokens'] {
  return tokens.flatMap((token, i) => {
    const before = tokens[i - 1];
    if (isField(token.kind) && before?.kind === 'literal')
      return { kind: token.kind, literal: before.literal };
    const after = tokens[i + 1];
    return token.kind === 'literal' && after !== undefined && isField(after.kind) ? [] : token;
  });
}

const GOLDEN = 0x9e37_79b9_7f4a_7c15n;
const SLOT_BYTES = 16;
const LAST_LETTERS = 8;
const SLOTS = 2 ** STATE.EVENT_SLOT_BITS;

/** Puts an event into a slot by the last eight letters of its name; a test looks that all have as many. */
function addEvent(arena: Arena, nameEnd: number, record: number): void {
  const letters = arena.view.getBigUint64(nameEnd - LAST_LETTERS, true);
  let slot = Number(BigInt.asUintN(64, letters * GOLDEN) >> BigInt(64 - STATE.EVENT_SLOT_BITS));
  while (arena.get(slotAt(slot) + LAST_LETTERS) !== 0) slot = (slot + 1) % SLOTS;
  arena.view.setBigUint64(slotAt(slot), letters, true);
  arena.set(slotAt(slot) + LAST_LETTERS, record);
}

const slotAt = (slot: number): number => STATE.EVENT_SLOTS + SLOT_BYTES * slot;
