// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// What the kernel is told of events, and the programs by which it reads them. TypeScript and AssemblyScript both read
// this file.

// An event: its name, how long that is, and its first program.
export const NAME: usize = 0;
export const NAME_LENGTH: usize = NAME + 4;
export const FIRST_PROGRAM: usize = NAME_LENGTH + 4;
export const EVENT_BYTES: usize = FIRST_PROGRAM + 4;

// A program: the next one to try, its tokens, how many, how many of them must fit, whether the line must end with it,
// and its forms by the number of fields, 0 for a number that cannot be.
export const NEXT: usize = 0;
export const TOKENS: usize = NEXT + 4;
export const TOKEN_COUNT: usize = TOKENS + 4;
export const REQUIRED: usize = TOKEN_COUNT + 4;
export const WHOLE: usize = REQUIRED + 4;
export const FORMS: usize = WHOLE + 4;
export const PROGRAM_BYTES: usize = FORMS + 4;

// A token: what it is, the text before it, and the length of that; the text that ends words, and its length.
export const KIND: usize = 0;
export const TEXT: usize = KIND + 4;
export const TEXT_LENGTH: usize = TEXT + 4;
export const STOP: usize = TEXT_LENGTH + 4;
export const STOP_LENGTH: usize = STOP + 4;
export const TOKEN_BYTES: usize = STOP_LENGTH + 4;

// Kinds of tokens: fields that a text may stand before,
export const HEX: i32 = 0;
export const DECIMAL: i32 = 1;
export const DECIMAL_HEX: i32 = 2;
export const WORD: i32 = 3;
export const FLAGS: i32 = 4;
export const POINTER: i32 = 5;
export const PARENTHESIZED: i32 = 6;
export const WORDS: i32 = 7;
/** a field that says whether the text is there, */
export const SWITCH: i32 = 8;
/** a text alone, one that may be missing, and any blanks. */
export const LITERAL: i32 = 9;
export const OPTIONAL: i32 = 10;
export const BLANKS: i32 = 11;
