// SPDX-License-Identifier: GPL-2.0-only
import { entryBytes } from './root.ts';
import { ENTRY_BYTES, type Table } from './table.ts';

/** A table that is being walked. */
export interface Frame {
  readonly table: Table;
  /** First gpa of the table, in bytes. */
  readonly gpa: bigint;
  /** Bytes that each entry maps. */
  readonly bytes: bigint;
  /** The entry to look at next. */
  index: number;
}

/** Starts a table that maps from `gpa` (bytes) on. */
export function frameOf(table: Table, gpa: bigint): Frame {
  return { table, gpa, bytes: entryBytes(table.level), index: 0 };
}

/** Whether a word, given as its low and high halves, is one that the kernel leaves in empty entries. */
export type BlankTest = (low: number, high: number) => boolean;

/** Whether entry `index` of a table is blank; most are, so that nothing is spent on them. */
export function isBlankAt({ view }: Table, index: number, isBlank: BlankTest): boolean {
  const at = index * ENTRY_BYTES;
  return isBlank(view.getUint32(at, true), view.getUint32(at + 4, true));
}
