// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// A form of lines whose values go to columns. TypeScript and AssemblyScript both read this file.

/** How many rows it has, and may have. */
export const ROWS: usize = 0;
export const MAX_ROWS: usize = ROWS + 4;
/** Where its columns are. */
export const LINES: usize = MAX_ROWS + 4;
export const TIMES: usize = LINES + 4;
export const TIME_DIGITS: usize = TIMES + 4;
export const CPUS: usize = TIME_DIGITS + 4;
export const PIDS: usize = CPUS + 4;
export const TASKS: usize = PIDS + 4;
/** Its fields: how many, and of each how the column holds it, and where that is. */
export const FIELD_COUNT: usize = TASKS + 4;
export const FIELDS: usize = FIELD_COUNT + 4;
export const FIELD_KIND: usize = 0;
export const FIELD_COLUMN: usize = FIELD_KIND + 4;
export const FIELD_BYTES: usize = FIELD_COLUMN + 4;

// How a column holds its values.
/** In 64-bit words, */
export const HEX: i32 = 0;
/** as numbers (f64), */
export const DECIMAL: i32 = 1;
/** as numbers of texts, */
export const WORD: i32 = 2;
/** 1 for yes and 0 for no. */
export const SWITCH: i32 = 3;
