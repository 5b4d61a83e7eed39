// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// Where things stand in a kernel's memory, in bytes. TypeScript and AssemblyScript both read this file.

/** Fields of a line, at most. */
export const MAX_FIELDS: i32 = 48;
/** SPTEs of a line, at most. */
export const MAX_SPTES: usize = 8;
/** Words of the key of checks, at most: two, and one for each field that they look at; or one, and four and one of a plan. */
export const MAX_KEY_WORDS: usize = 8;

// What the kernel and JavaScript tell each other.
/** The line at hand, and the newline that ends it. */
export const POSITION: usize = 0;
export const LINE_END: usize = POSITION + 4;
/** Its number: a f64, for there may be more than 2^32. */
export const LINE: usize = LINE_END + 4;
/** Lines taken since JavaScript last looked. */
export const RECOGNISED: usize = LINE + 8;
export const PASSED: usize = RECOGNISED + 4;
/** The form of the line. */
export const FORM: usize = PASSED + 4;
/** 1 to write JSON, 0 to fill columns. */
export const AS_JSON: usize = FORM + 4;

// The dictionary: slots of two bytes, with the number of a text plus 1, or 0; entries, of which each has the address
// and the length of a text; how many there are, and fit; where the next text goes, and where the room for texts ends.
export const DICTIONARY_SLOTS: usize = AS_JSON + 4;
export const DICTIONARY_ENTRIES: usize = DICTIONARY_SLOTS + 4;
export const DICTIONARY_COUNT: usize = DICTIONARY_ENTRIES + 4;
export const DICTIONARY_MAX: usize = DICTIONARY_COUNT + 4;
export const DICTIONARY_NEXT: usize = DICTIONARY_MAX + 4;
export const DICTIONARY_END: usize = DICTIONARY_NEXT + 4;
/** How many slots there are, as a power of two: always some are free. */
export const DICTIONARY_SLOT_BITS: i32 = 13;

/** How the texts of the log begin: eight bytes each, where and how long; and how many. */
export const LOG_STARTS: usize = DICTIONARY_END + 4;
export const LOG_START_COUNT: usize = LOG_STARTS + 4;

// JSON.
/** Where it goes, and where it must not begin any more. */
export const OUT: usize = LOG_START_COUNT + 4;
export const OUT_LIMIT: usize = OUT + 4;
/** The text before the number of a line. */
export const LINE_TEXT: usize = OUT_LIMIT + 4;
export const LINE_TEXT_LENGTH: usize = LINE_TEXT + 4;
/** The text between SPTEs and checks. */
export const CHECKS_TEXT: usize = LINE_TEXT_LENGTH + 4;
export const CHECKS_TEXT_LENGTH: usize = CHECKS_TEXT + 4;
/** Pieces by the key of an entry, and by that of checks: see pieces.ts. */
export const SPTE_SLOTS: usize = CHECKS_TEXT_LENGTH + 4;
export const CHECK_SLOTS: usize = SPTE_SLOTS + 4;
/**
 * The piece that is missing: the slot for it, and the row and the value of an entry, or the words of the key of checks.
 */
export const MISS_SLOT: usize = CHECK_SLOTS + 4;
export const MISS_ROW: usize = MISS_SLOT + 4;
export const MISS_VALUE: usize = MISS_ROW + 4;
export const MISS_WORDS: usize = MISS_VALUE + 8;
/** Masks: address, page size, pfn. */
export const ADDRESS: usize = MISS_WORDS + 4;
export const PAGE_SIZE: usize = ADDRESS + 8;
export const PFN: usize = PAGE_SIZE + 8;
/** The address bits that are set in entries of which they tell nothing. */
export const USUAL: usize = PFN + 8;
/**
 * The address bits that tell more than where the page is, unless they are as usual: by level, 0 where it is not known,
 * with the page size bit clear and set.
 */
export const SIGNIFICANT: usize = USUAL + 8;
/** Pieces about the SPTEs of this line. */
export const SPTE_PIECES: usize = SIGNIFICANT + 6 * 2 * 8;
/** The key of the checks of this line. */
export const CHECK_KEY: usize = SPTE_PIECES + 4 * MAX_SPTES;

// Lines of a task that are compared.
/** Where the line before of the same task is kept, if this line is near enough to need it; else 0. */
export const BEFORE: usize = CHECK_KEY + 8 * MAX_KEY_WORDS;
/** How many lines apart two may be that are compared, at most. */
export const MAX_APART: usize = BEFORE + 4;
/** The tasks that have such a line, the oldest line first: how many, no more than may be near enough, and where. */
export const PENDING_COUNT: usize = MAX_APART + 4;
export const PENDING: usize = PENDING_COUNT + 4;
/** Of each: the task, a f64; the value that is kept; the number of the line, a f64; its event. */
export const TASK: usize = 0;
export const TASK_VALUE: usize = TASK + 8;
export const TASK_LINE: usize = TASK_VALUE + 8;
export const TASK_EVENT: usize = TASK_LINE + 8;
export const TASK_BYTES: usize = TASK_EVENT + 8;

// The fields of the line: where each begins and ends, and its value, a u64, or the f64 of a decimal.
export const STARTS: usize = PENDING + 4;
export const ENDS: usize = STARTS + 4 * MAX_FIELDS;
export const VALUES: usize = ENDS + 4 * MAX_FIELDS;

// The beginning of the last line up to its CPU, how long it is (0 for none), and what it says.
/** Bytes of it that are kept, at most. A vector may read as many beyond as it has. */
export const MAX_WHO: usize = 112;
export const WHO_TEXT: usize = VALUES + 8 * MAX_FIELDS;
export const WHO_LENGTH: usize = WHO_TEXT + MAX_WHO + 16;
export const WHO_TASK: usize = WHO_LENGTH + 4;
export const WHO_TASK_END: usize = WHO_TASK + 4;
export const WHO_TASK_ID: usize = WHO_TASK_END + 4;
export const WHO_CPU: usize = WHO_TASK_ID + 4;
export const WHO_PID: usize = WHO_CPU + 8;

/** Events by the last eight letters of their names: the letters, and the record of the event (see program.ts). */
export const EVENT_SLOTS: usize = WHO_PID + 8;
export const EVENT_SLOT_BITS: i32 = 7;
export const SLOT_EVENT: usize = 8;
export const EVENT_SLOT_BYTES: usize = 16;

/** The rest of the memory is given out, from a multiple of 16 on. */
export const FREE: usize = (EVENT_SLOTS + (EVENT_SLOT_BYTES << EVENT_SLOT_BITS) + 15) & ~15;
