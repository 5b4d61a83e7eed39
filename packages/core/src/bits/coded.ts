// SPDX-License-Identifier: GPL-2.0-only

/** The text needs to know nothing more. */
export type NoParams = Readonly<Record<string, never>>;

/** One of the answers of a table: its stable name, and what its text needs to know. The folder `text` has the words. */
export type Coded<Table> = {
  readonly [Code in keyof Table]: { readonly code: Code; readonly params: Table[Code] };
}[keyof Table];
