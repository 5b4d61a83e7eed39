// SPDX-License-Identifier: GPL-2.0-only
import type { Arena } from '@spte/wasm';
import type { FieldValue, RecordForm, TraceRecord } from '../events/record.ts';
import { printedTime } from '../text/time.ts';
import * as FORM from '../wasm/column-form.ts';
import { type Kernel, memoryArena } from '../wasm/kernel.ts';
import { FREE, MAX_FIELDS } from '../wasm/state.ts';
import {
  batchOf,
  type Column,
  type ColumnBatch,
  createForm,
  type Form,
  type FormField,
  fieldOf,
  formBytes,
  MAX_ROWS,
} from './columns.ts';
import { type Dictionary, MAX_TEXT, plainDictionary, sharedDictionary } from './dictionary.ts';

/** Rows of every form, in the memory of a kernel. */
export interface ColumnStore {
  /** The form of lines with these fields. */
  readonly formOf: (event: string, form: RecordForm, fields: readonly FormField[]) => Form;
  /** Adds a row. */
  readonly add: (record: TraceRecord) => void;
  /** Hands out the rows of the form at this address. */
  readonly flushForm: (at: number) => void;
  /** Hands out all rows. */
  readonly flush: () => void;
  /** The same, and forgets the texts of words. */
  readonly flushWords: () => void;
}

const HEX = /^0x[0-9a-f]{1,16}$/i;

/**
 * @param sink takes the batches
 * @param added hears of a form that a record has brought
 */
export function createColumnStore(
  kernel: Kernel,
  sink: (batch: ColumnBatch) => void,
  added: (form: Form, record: TraceRecord) => void,
): ColumnStore {
  const { arena } = kernel;
  const dictionary = sharedDictionary(kernel);
  const byKey = new Map<string, Form>();
  const byPlace = new Map<number, Form>();

  const handOut = (form: Form): void => {
    const rows = arena.get(form.at + FORM.ROWS);
    if (rows > 0) sink(batchOf(form, rows, dictionary.list()));
    arena.set(form.at + FORM.ROWS, 0);
  };

  const store: ColumnStore = {
    formOf(event, form, fields) {
      const key = keyOf(event, form, fields);
      let found = byKey.get(key);
      if (found === undefined) {
        found = createForm(arena, event, form, fields);
        byKey.set(key, found);
        byPlace.set(found.at, found);
      }
      return found;
    },
    add(record) {
      const fields = Object.entries(record.fields).map(([name, value]) => shownField(record, name, value));
      const known = byKey.get(keyOf(record.event, record.form, fields));
      if (isOdd(record) || (known === undefined && !arena.fits(formBytes(fields.length) + PROGRAM_BYTES))) {
        sink(oneRow(record, fields));
        return;
      }
      const form = store.formOf(record.event, record.form, fields);
      if (known === undefined) added(form, record);
      if (arena.get(form.at + FORM.ROWS) === MAX_ROWS) handOut(form);
      if (!addRow(arena, form, record, dictionary)) {
        store.flushWords();
        addRow(arena, form, record, dictionary);
      }
    },
    flushForm: (at) => handOut(byPlace.get(at) as Form),
    flush() {
      for (const form of byPlace.values()) handOut(form);
    },
    flushWords() {
      store.flush();
      dictionary.clear();
    },
  };
  return store;
}

/** More bytes than a program for a form takes. */
const PROGRAM_BYTES = 1 << 14;

const keyOf = (event: string, form: RecordForm, fields: readonly FormField[]): string =>
  `${form} ${event} ${fields.map(({ name, kind }) => `${name}:${kind}`).join(' ')}`;

/** How the column of a record's field holds it. */
function shownField({ event, form }: TraceRecord, name: string, value: FieldValue): FormField {
  const field = fieldOf(event, form, name);
  // A pointer that the kernel hides, or a number of more than 64 bits.
  return field.kind === 'hex' && !HEX.test(String(value)) ? { ...field, kind: 'word' } : field;
}

/** Whether a record has more than a kernel could hold: it is a batch of its own. */
function isOdd({ fields }: TraceRecord): boolean {
  const values = Object.values(fields);
  return values.length > MAX_FIELDS || values.some((value) => String(value).length > MAX_TEXT);
}

/** A batch for one record. */
function oneRow(record: TraceRecord, fields: readonly FormField[]): ColumnBatch {
  const arena = memoryArena(new ArrayBuffer(FREE + formBytes(fields.length, 1)));
  const dictionary = plainDictionary(Number.POSITIVE_INFINITY);
  const form = createForm(arena, record.event, record.form, fields, 1);
  addRow(arena, form, record, dictionary);
  return batchOf(form, 1, dictionary.list());
}

/** Adds a row to a form that has room; false when there is none for its words. */
function addRow(arena: Arena, { at, room }: Form, record: TraceRecord, dictionary: Dictionary): boolean {
  const row = arena.get(at + FORM.ROWS);
  const task = record.task === null ? -1 : dictionary.id(record.task);
  if (record.task !== null && task < 0) return false;
  for (const column of room.columns) {
    if (!setValue(column, row, record.fields[column.name] as FieldValue, dictionary)) return false;
  }
  const { time, digits } = printedTime(record.timestamp);
  room.lines[row] = record.line;
  room.times[row] = time;
  room.timeDigits[row] = digits;
  room.cpus[row] = record.cpu ?? -1;
  room.pids[row] = record.pid ?? -1;
  room.tasks[row] = task;
  room.blocks[row] = record.block ?? 0;
  arena.set(at + FORM.ROWS, row + 1);
  return true;
}

function setValue({ kind, values }: Column, row: number, value: FieldValue, dictionary: Dictionary): boolean {
  switch (kind) {
    case 'hex':
      values[row] = BigInt(value);
      return true;
    case 'word':
      values[row] = dictionary.id(String(value));
      return values[row] >= 0;
    default:
      values[row] = Number(value);
      return true;
  }
}
