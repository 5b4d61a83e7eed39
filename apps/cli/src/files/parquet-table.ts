// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, openSync, readSync, renameSync } from 'node:fs';
import { type ColumnSource, fileWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { unwritable } from '../io/errors.ts';
import { temporaryOf } from './parts.ts';

/** The values of a column, by its type. */
interface Values {
  /** Unsigned, 64 bits. */
  readonly word: bigint;
  /** Signed, 64 bits. */
  readonly long: bigint;
  /** Signed, 32 bits. */
  readonly int: number;
  readonly text: string;
  readonly texts: readonly string[];
  readonly flag: boolean;
}

interface ColumnOf<Row, Type extends keyof Values> {
  readonly name: string;
  readonly type: Type;
  /** Whether the column may be null; false when absent. A list never is. */
  readonly nullable?: boolean;
  /** Its value in a row; null for none. */
  readonly of: (row: Row) => Values[Type] | null | undefined;
}

/** A column of a table whose rows are made from `Row`. */
export type Column<Row> = { [Type in keyof Values]: ColumnOf<Row, Type> }[keyof Values];

const SCALARS = {
  word: { type: 'INT64', converted_type: 'UINT_64' },
  long: { type: 'INT64' },
  int: { type: 'INT32' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  flag: { type: 'BOOLEAN' },
} as const;

function schemaOf({ name, type, nullable }: Column<never>): SchemaElement[] {
  if (type !== 'texts') {
    return [{ name, ...SCALARS[type], repetition_type: nullable === true ? 'OPTIONAL' : 'REQUIRED' }];
  }
  return [
    { name, converted_type: 'LIST', num_children: 1, repetition_type: 'REQUIRED' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', ...SCALARS.text, repetition_type: 'REQUIRED' },
  ];
}

/** Rows that a table has written to its file, for another table to take over. */
export interface RowGroups extends Pick<ParquetWriter, 'row_groups' | 'num_rows' | 'pendingIndexes'> {
  readonly file: string;
}

/** What a file begins with: `PAR1`. */
const MAGIC_BYTES = 4;
const COPIED = 1 << 20;

/** Rows that are held in memory, and written together as one row group. */
const ROW_GROUP = 1 << 15;

/**
 * Writes a Parquet file row by row, in bounded memory. It gets its final name when complete.
 *
 * Each method throws a UsageError where the file cannot be written.
 */
export class ParquetTable<Row> {
  readonly #path: string;
  readonly #columns: readonly Column<Row>[];
  readonly #values: unknown[][];
  readonly #writer: ParquetWriter;
  #rows = 0;

  /**
   * Begins the file, under another name: see {@link temporaryOf}.
   *
   * @param notes what the file says about itself, for `parquet_kv_metadata()` and its like
   */
  constructor(path: string, columns: readonly Column<Row>[], notes: Readonly<Record<string, string>>) {
    this.#path = path;
    this.#columns = columns;
    this.#values = columns.map(() => []);
    this.#writer = this.#writing(
      () =>
        new ParquetWriter({
          writer: fileWriter(temporaryOf(path)),
          schema: [{ name: 'spte', num_children: columns.length }, ...columns.flatMap(schemaOf)],
          kvMetadata: Object.entries(notes).map(([key, value]) => ({ key, value })),
          createdBy: 'spte',
        }),
    );
  }

  /** Adds a row. */
  add(row: Row): void {
    for (const [index, { of }] of this.#columns.entries()) this.#values[index]?.push(of(row));
    if (++this.#rows === ROW_GROUP) this.#writeGroup();
  }

  /** Writes what is left, and gives the file its name; one that had it is replaced. */
  finish(): void {
    if (this.#rows > 0) this.#writeGroup();
    this.#writing(() => {
      void this.#writer.finish();
      renameSync(temporaryOf(this.#path), this.#path);
    });
  }

  /** Writes what is left of rows that are for another table. This one's file is never completed. */
  rowGroups(): RowGroups {
    if (this.#rows > 0) this.#writeGroup();
    this.#writing(() => void this.#writer.writer.finish());
    const { row_groups, num_rows, pendingIndexes } = this.#writer;
    return { file: temporaryOf(this.#path), row_groups, num_rows, pendingIndexes };
  }

  /** Takes over the rows of another table with the same columns. */
  append({ file, row_groups, num_rows, pendingIndexes }: RowGroups): void {
    if (this.#rows > 0) this.#writeGroup();
    const shift = BigInt(this.#writer.writer.offset - MAGIC_BYTES);
    this.#writing(() => this.#copy(file));
    for (const chunk of row_groups.flatMap(({ columns }) => columns)) moveChunk(chunk, shift);
    for (const { offsetIndex } of pendingIndexes) {
      for (const page of offsetIndex?.page_locations ?? []) page.offset += shift;
    }
    this.#writer.row_groups.push(...row_groups);
    this.#writer.pendingIndexes.push(...pendingIndexes);
    this.#writer.num_rows += num_rows;
  }

  #copy(file: string): void {
    const fd = openSync(file, 'r');
    try {
      const buffer = new Uint8Array(COPIED);
      for (let at = MAGIC_BYTES; ; ) {
        const length = readSync(fd, buffer, 0, COPIED, at);
        if (length === 0) return;
        this.#writer.writer.appendBytes(buffer.subarray(0, length));
        at += length;
      }
    } finally {
      closeSync(fd);
    }
  }

  #writeGroup(): void {
    const columnData = this.#columns.map(({ name, type }, index): ColumnSource => {
      const data = this.#values[index] ?? [];
      // Plain bits: the shorter encoding of flags is unknown to readers before 2022.
      return type === 'flag' ? { name, data, encoding: 'PLAIN' } : { name, data };
    });
    this.#writing(() => void this.#writer.write({ columnData, rowGroupSize: this.#rows }));
    for (const index of this.#values.keys()) this.#values[index] = [];
    this.#rows = 0;
  }

  #writing<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) throw unwritable(this.#path, error);
      throw error;
    }
  }
}

/** Says where the values of a column are after a move. */
function moveChunk(chunk: RowGroups['row_groups'][number]['columns'][number], shift: bigint): void {
  chunk.file_offset += shift;
  const data = chunk.meta_data;
  if (data === undefined) return;
  data.data_page_offset += shift;
  if (data.dictionary_page_offset !== undefined) data.dictionary_page_offset += shift;
}
