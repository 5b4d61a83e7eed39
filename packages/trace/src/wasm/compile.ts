// SPDX-License-Identifier: GPL-2.0-only
import type { Arena } from '@spte/wasm';
import { LOG_TEXTS } from '../events/log-texts.ts';
import type { Pattern, Token } from '../events/pattern.ts';
import { rawFieldsOf, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { UNPARSED } from '../lines/match.ts';
import * as PROGRAM from './program.ts';
import * as STATE from './state.ts';

/** Kinds of tokens, as the kernel has them. */
const KINDS: Readonly<Record<Token['kind'] | 'optional' | 'blanks', number>> = {
  hex: PROGRAM.HEX,
  decimal: PROGRAM.DECIMAL,
  decimalHex: PROGRAM.DECIMAL_HEX,
  word: PROGRAM.WORD,
  words: PROGRAM.WORDS,
  flags: PROGRAM.FLAGS,
  pointer: PROGRAM.POINTER,
  parenthesized: PROGRAM.PARENTHESIZED,
  switch: PROGRAM.SWITCH,
  literal: PROGRAM.LITERAL,
  optional: PROGRAM.OPTIONAL,
  blanks: PROGRAM.BLANKS,
};

/** Whether a token is a field that a text may stand before. */
const isField = (kind: keyof typeof KINDS): boolean => KINDS[kind] < PROGRAM.SWITCH;

/** A piece of a program: as that of a pattern. */
interface ProgramToken extends Pick<Token, 'literal' | 'stop'> {
  readonly kind: keyof typeof KINDS;
}

/** What a line must hold, piece by piece. */
interface Program {
  readonly tokens: readonly ProgramToken[];
  /** How many tokens must fit; those after them may all be missing. */
  readonly required: number;
  /** Whether nothing may follow. */
  readonly whole: boolean;
  /** Where the form is of a line, by its number of fields; 0 for a number that cannot be. */
  readonly forms: readonly number[];
}

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
  const token = (kind: ProgramToken['kind'], literal = ''): ProgramToken => ({ kind, literal, stop: '' });
  const tokens = [
    token('optional', UNPARSED),
    ...names.flatMap((name) => [
      token('literal', `${name}=`),
      token((known.get(name) ?? UNKNOWN_FIELD).kind),
      token('blanks'),
    ]),
  ];
  return { tokens, required: tokens.length, whole: true, forms: [...names.map(() => 0), place] };
}

/** Writes the events, the beginnings of log texts, and then programs, where the kernel finds them. */
export function createPrograms(arena: Arena): AddProgram {
  const records = new Map<string, number>();
  for (const event of TRACE_EVENTS.keys()) {
    const name = arena.text(event);
    const record = arena.record(PROGRAM.EVENT_BYTES, {
      [PROGRAM.NAME]: name,
      [PROGRAM.NAME_LENGTH]: event.length,
    });
    records.set(event, record);
    addEvent(arena, name + event.length, record);
  }
  const starts = LOG_TEXTS.flatMap(({ start }) => [arena.text(start), start.length]);
  arena.set(STATE.LOG_STARTS, arena.words(starts));
  arena.set(STATE.LOG_START_COUNT, LOG_TEXTS.length);
  return (event, { tokens, required, whole, forms }) => {
    const parts = joined(tokens);
    const program = arena.record(PROGRAM.PROGRAM_BYTES, {
      [PROGRAM.TOKENS]: writeTokens(arena, parts),
      [PROGRAM.TOKEN_COUNT]: parts.length,
      [PROGRAM.REQUIRED]: joined(tokens.slice(0, required)).length,
      [PROGRAM.WHOLE]: Number(whole),
      [PROGRAM.FORMS]: arena.words(forms),
    });
    let last = (records.get(event) as number) + PROGRAM.FIRST_PROGRAM;
    while (arena.get(last) !== 0) last = arena.get(last) + PROGRAM.NEXT;
    arena.set(last, program);
  };
}

function writeTokens(arena: Arena, tokens: Program['tokens']): number {
  const at = arena.take(PROGRAM.TOKEN_BYTES * tokens.length);
  for (const [i, { kind, literal, stop }] of tokens.entries()) {
    arena.put(at + PROGRAM.TOKEN_BYTES * i, {
      [PROGRAM.KIND]: KINDS[kind],
      [PROGRAM.TEXT]: arena.text(literal),
      [PROGRAM.TEXT_LENGTH]: literal.length,
      [PROGRAM.STOP]: arena.text(stop),
      [PROGRAM.STOP_LENGTH]: stop.length,
    });
  }
  return at;
}

/** Puts texts and the fields after them together. */
function joined(tokens: Program['tokens']): Program['tokens'] {
  return tokens.flatMap((token, i) => {
    const before = tokens[i - 1];
    if (isField(token.kind) && before?.kind === 'literal') return { ...token, literal: before.literal };
    const after = tokens[i + 1];
    return token.kind === 'literal' && after !== undefined && isField(after.kind) ? [] : token;
  });
}

const GOLDEN = 0x9e37_79b9_7f4a_7c15n;
const LAST_LETTERS = 8;
const SLOTS = 2 ** STATE.EVENT_SLOT_BITS;

/** Puts an event into a slot by the last eight letters of its name; a test looks that all have as many. */
function addEvent(arena: Arena, nameEnd: number, record: number): void {
  const letters = arena.view.getBigUint64(nameEnd - LAST_LETTERS, true);
  let slot = Number(BigInt.asUintN(64, letters * GOLDEN) >> BigInt(64 - STATE.EVENT_SLOT_BITS));
  while (arena.get(slotAt(slot) + STATE.SLOT_EVENT) !== 0) slot = (slot + 1) % SLOTS;
  arena.view.setBigUint64(slotAt(slot), letters, true);
  arena.set(slotAt(slot) + STATE.SLOT_EVENT, record);
}

const slotAt = (slot: number): number => STATE.EVENT_SLOTS + STATE.EVENT_SLOT_BYTES * slot;
