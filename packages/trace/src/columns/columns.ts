// SPDX-License-Identifier: GPL-2.0-only

import type { Arena, ArrayClass } from '@spte/wasm';
import { LOG_TEXTS } from '../events/log-texts.ts';
import type { FieldKind, Pattern, Token } from '../events/pattern.ts';
import { rawFieldsOf, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { RecordForm, SpteRole } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import * as FORM from '../wasm/column-form.ts';

/** A field whose values stand in one kind of array. */
export interface ColumnOf<Kind extends string, Values> {
  /** Name of the field, as in the records of `traceReader()`. */
  readonly name: string;
  /** What the entry is to its line, if the field is a page table entry; null for other fields. */
  readonly role: SpteRole | null;
  /** Which of the arrays it is. */
  readonly kind: Kind;
  readonly values: Values;
}

/**
 * A field, a value for each row: hex as 64-bit words, decimal numbers, numbers of words in {@link ColumnBatch.words}, or
 * 1 where an optional word stood and 0 where not.
 */
export type Column =
  | ColumnOf<'hex', BigUint64Array<ArrayBuffer>>
  | ColumnOf<'decimal', Float64Array<ArrayBuffer>>
  | ColumnOf<'word', Int32Array<ArrayBuffer>>
  | ColumnOf<'switch', Uint8Array<ArrayBuffer>>;

/** Lines of one event that have the same fields. */
export interface ColumnBatch {
  readonly event: string;
  readonly form: RecordForm;
  /** How many lines, and values in each column. */
  readonly rows: number;
  /** Numbers of the lines, from 1, ascending. */
  readonly lines: Float64Array<ArrayBuffer>;
  /** The times as printed, without their dot: 5.892991 is 5892991. */
  readonly times: BigInt64Array<ArrayBuffer>;
  /** How many digits of the time stood after the dot: 6 for microseconds, 0 for ticks, 255 for a line without a time. */
  readonly timeDigits: Uint8Array<ArrayBuffer>;
  /** -1 where the line does not say. */
  readonly cpus: Float64Array<ArrayBuffer>;
  /** -1 where the line does not say. */
  readonly pids: Float64Array<ArrayBuffer>;
  /** Names of tasks, as numbers of words; -1 where the line does not say. */
  readonly tasks: Int32Array<ArrayBuffer>;
  /** Number of the line with which the block of log lines begins; 0 for a line that is in none. */
  readonly blocks: Float64Array<ArrayBuffer>;
  /** In the order of the line. */
  readonly columns: readonly Column[];
  /** The texts whose numbers stand in this batch. The same text has the same number in one batch. */
  readonly words: readonly string[];
}

/** A field of a form. */
export interface FormField {
  readonly name: string;
  readonly role: SpteRole | null;
  readonly kind: Column['kind'];
}

/** Rows of a batch, at most. */
export const MAX_ROWS = 256;

/** Columns in the making. */
export interface Form {
  readonly event: string;
  readonly form: RecordForm;
  /** Where the kernel finds it. */
  readonly at: number;
  /** All the room, whatever the number of rows. */
  readonly room: Omit<ColumnBatch, 'event' | 'form' | 'rows' | 'words'>;
}

const COLUMN_KIND: Readonly<Record<Exclude<Token['kind'], 'literal'>, Column['kind']>> = {
  switch: 'switch',
  hex: 'hex',
  decimalHex: 'hex',
  pointer: 'hex',
  decimal: 'decimal',
  word: 'word',
  words: 'word',
  flags: 'word',
  parenthesized: 'word',
};

/** How a column holds its values, as the kernel has it. */
const HELD: Readonly<Record<Column['kind'], number>> = {
  hex: FORM.HEX,
  decimal: FORM.DECIMAL,
  word: FORM.WORD,
  switch: FORM.SWITCH,
};

/** How the columns hold the fields of a pattern. */
export function formFields(fields: readonly Token[]): FormField[] {
  return fields.map(({ field, role, kind }) => ({
    name: field,
    role,
    kind: COLUMN_KIND[kind as FieldKind],
  }));
}

/** Makes room for the rows of a form. */
export function createForm(
  arena: Arena,
  event: string,
  form: RecordForm,
  fields: readonly FormField[],
  most: number = MAX_ROWS,
): Form {
  const array = <Values>(of: ArrayClass<Values>): Values => arena.array(of, most);
  const column = ({ name, role, kind }: FormField): Column => {
    switch (kind) {
      case 'hex':
        return { name, role, kind, values: array(BigUint64Array) };
      case 'decimal':
        return { name, role, kind, values: array(Float64Array) };
      case 'word':
        return { name, role, kind, values: array(Int32Array) };
      case 'switch':
        return { name, role, kind, values: array(Uint8Array) };
    }
  };
  const room = {
    lines: array(Float64Array),
    times: array(BigInt64Array),
    timeDigits: array(Uint8Array),
    cpus: array(Float64Array),
    pids: array(Float64Array),
    tasks: array(Int32Array),
    blocks: array(Float64Array),
    columns: fields.map(column),
  };
  const at = arena.record(FORM.FIELDS + FORM.FIELD_BYTES * fields.length, {
    [FORM.MAX_ROWS]: most,
    [FORM.LINES]: room.lines.byteOffset,
    [FORM.TIMES]: room.times.byteOffset,
    [FORM.TIME_DIGITS]: room.timeDigits.byteOffset,
    [FORM.CPUS]: room.cpus.byteOffset,
    [FORM.PIDS]: room.pids.byteOffset,
    [FORM.TASKS]: room.tasks.byteOffset,
    [FORM.FIELD_COUNT]: fields.length,
  });
  for (const [i, { kind, values }] of room.columns.entries()) {
    arena.put(at + FORM.FIELDS + FORM.FIELD_BYTES * i, {
      [FORM.FIELD_KIND]: HELD[kind],
      [FORM.FIELD_COLUMN]: values.byteOffset,
    });
  }
  return { event, form, at, room };
}

/** More bytes than a form takes. */
export function formBytes(fields: number, most: number = MAX_ROWS): number {
  return (fields + 8) * (8 * most + 128);
}

/** The rows of a form so far. */
export function batchOf({ event, form, room }: Form, rows: number, words: readonly string[]): ColumnBatch {
  const column = (whole: Column): Column => {
    switch (whole.kind) {
      case 'hex':
        return { ...whole, values: whole.values.subarray(0, rows) };
      case 'decimal':
        return { ...whole, values: whole.values.subarray(0, rows) };
      case 'word':
        return { ...whole, values: whole.values.subarray(0, rows) };
      case 'switch':
        return { ...whole, values: whole.values.subarray(0, rows) };
    }
  };
  return {
    event,
    form,
    rows,
    lines: room.lines.subarray(0, rows),
    times: room.times.subarray(0, rows),
    timeDigits: room.timeDigits.subarray(0, rows),
    cpus: room.cpus.subarray(0, rows),
    pids: room.pids.subarray(0, rows),
    tasks: room.tasks.subarray(0, rows),
    blocks: room.blocks.subarray(0, rows),
    columns: room.columns.map(column),
    words,
  };
}

const keyOf = (event: string, form: RecordForm, name: string): string => `${form} ${event} ${name}`;

const fieldsOf = (event: string, form: RecordForm, { tokens }: Pattern): [string, FormField][] =>
  formFields(tokens.filter(({ kind }) => kind !== 'literal')).map((field) => [
    keyOf(event, form, field.name),
    field,
  ]);

/** The fields of all patterns. */
const FIELDS = new Map([
  ...[...TRACE_EVENTS].flatMap(([event, forms]) => forms.flatMap((each) => fieldsOf(event, 'text', each))),
  ...LOG_TEXTS.flatMap(({ event, pattern }) => fieldsOf(event, 'log', pattern)),
]);

/** What a field of a record is, by its name: a word when it is not known. */
export function fieldOf(event: string, form: RecordForm, name: string): FormField {
  if (form !== 'raw') return FIELDS.get(keyOf(event, form, name)) as FormField;
  const { kind, role } = rawFieldsOf(event).get(name) ?? UNKNOWN_FIELD;
  return { name, role, kind: COLUMN_KIND[kind] };
}
