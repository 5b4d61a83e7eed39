// SPDX-License-Identifier: GPL-2.0-only
// What becomes of a scan, and of a line. TypeScript and AssemblyScript both read this file.

// What a scan ends with.
/** No whole line is left. */
export const DONE = 0;
/** The line is one for JavaScript. */
export const DECLINED = 1;
/** The columns of a form are full. */
export const FORM_FULL = 2;
/** The dictionary is full. */
export const WORDS_FULL = 3;
/** The room for JSON is full. */
export const OUT_FULL = 4;
/** JSON lacks what to say of an entry. */
export const MISSING_SPTE = 5;
/** JSON lacks the checks of a line. */
export const MISSING_CHECKS = 6;

/** JSON lacks which fields decide over what an exit or a fault means. */
export const MISSING_PLAN = 7;
/** JSON lacks what it means. */
export const MISSING_FAULT = 8;
/** JSON lacks what became of an entry. */
export const MISSING_CHANGE = 9;

// What becomes of a line, beside those.
/** It has a record. */
export const TAKEN = 10;
/** It has none. */
export const PASSED_ON = 11;
