// SPDX-License-Identifier: GPL-2.0-only
// Where things stand in the memory, in bytes. src/kernel.ts has the same numbers, and a test compares them.

/** The line at hand, and the newline that ends it. */
export const POSITION: usize = 0;
export const LINE_END: usize = 4;
/** Its number: a f64, for there may be more than 2^32. */
export const LINE: usize = 8;
/** Lines taken since JavaScript last looked. */
export const RECOGNISED: usize = 16;
export const PASSED: usize = 20;
/** The form of the line. */
export const FORM: usize = 24;
/** 1 to write JSON, 0 to fill columns. */
export const JSON: usize = 28;

/** The dictionary of words: slots, entries, how many there are, how many fit, where the next one's text goes, and where
 * the room for texts ends. */
export const WORD_SLOTS: usize = 32;
export const WORD_ENTRIES: usize = 36;
export const WORD_COUNT: usize = 40;
export const WORD_MOST: usize = 44;
export const WORD_NEXT: usize = 48;
export const WORD_END: usize = 52;

/** Where JSON goes, and where it must not begin any more. */
export const OUT: usize = 56;
export const OUT_LIMIT: usize = 60;

/** What JSON lacks: the row and the value of an entry, or how many words the key of checks has; and the free slot. */
export const MISS_ROW: usize = 64;
export const MISS_WORDS: usize = 68;
export const MISS_VALUE: usize = 72;
export const MISS_SLOT: usize = 304;
/** Slots by the key of an entry, and of checks. */
export const SPTE_SLOTS: usize = 80;
export const CHECK_SLOTS: usize = 84;
/** Where the line before of the same task with an MMIO SPTE is kept, if this line is compared with it; else 0. */
export const BEFORE: usize = 88;
/** How many lines apart two may be that are compared, at most. */
export const MOST_APART: usize = 92;
/** The tasks that have such a line, the oldest line first: how many, no more than may be near enough, and where. */
export const PENDING_COUNT: usize = 104;
export const PENDING: usize = 108;
/** Masks: address, page size, pfn. */
export const ADDRESS: usize = 112;
export const PAGE_SIZE: usize = 120;
export const PFN: usize = 128;
/** By level and by the page size bit: the address bits that tell more than where the page is. */
export const TELLING: usize = 136;
/** The key of the checks of this line. */
export const CHECK_KEY: usize = 232;
/** The text before the number of a line. */
export const LINE_TEXT: usize = 1544;
export const LINE_TEXT_LENGTH: usize = 1548;
/** The text between SPTEs and checks. */
export const CHECKS_TEXT: usize = 308;
export const CHECKS_TEXT_LENGTH: usize = 312;

/** How the texts of the log begin: eight bytes each, where and how long; and how many. */
export const LOG_STARTS: usize = 1536;
export const LOG_START_COUNT: usize = 1540;

/** Where each field of the line begins, ends, and its value: a u64, or the f64 of a decimal. */
export const STARTS: usize = 320;
export const ENDS: usize = 576;
export const VALUES: usize = 832;

/** The beginning of the last line up to its CPU, how long it is (0 for none), and what it says. */
export const WHO_TEXT: usize = 1344;
export const WHO_LENGTH: usize = 1472;
export const WHO_TASK: usize = 1476;
export const WHO_TASK_END: usize = 1480;
export const WHO_TASK_ID: usize = 1484;
export const WHO_CPU: usize = 1488;
export const WHO_PID: usize = 1496;

/** Pieces about the SPTEs of this line. */
export const PIECES: usize = 1504;

/** Events by the last eight letters of their names: 16 bytes each, the letters and the event. */
export const EVENT_SLOTS: usize = 2048;
export const EVENT_SLOT_BITS: u64 = 7;

// What a scan ends with.
/** No whole line is left. */
export const DONE: i32 = 0;
/** The line is one for JavaScript. */
export const DECLINED: i32 = 1;
/** The columns of a form are full. */
export const FORM_FULL: i32 = 2;
/** The dictionary is full. */
export const WORDS_FULL: i32 = 3;
/** The room for JSON is full. */
export const OUT_FULL: i32 = 4;
/** JSON lacks what to say of an entry. */
export const MISSING_SPTE: i32 = 5;
/** JSON lacks the checks of a line. */
export const MISSING_CHECKS: i32 = 6;

// What becomes of a line, beside those.
/** It has a record. */
export const TAKEN: i32 = 7;
/** It has none. */
export const PASSED_ON: i32 = 8;
