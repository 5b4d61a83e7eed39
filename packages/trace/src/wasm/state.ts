// SPDX-License-Identifier: GPL-2.0-only
// Where things stand in a kernel's memory, in bytes. TypeScript and AssemblyScript both read this file.

/** The line at hand, and the newline that ends it. */
export const POSITION = 0;
export const LINE_END = 4;
/** Its number: a f64, for there may be more than 2^32. */
export const LINE = 8;
/** Lines taken since JavaScript last looked. */
export const RECOGNISED = 16;
export const PASSED = 20;
/** The form of the line. */
export const FORM = 24;
/** 1 to write JSON, 0 to fill columns. */
export const AS_JSON = 28;

/** The dictionary of words: slots, entries, how many there are, how many fit, where the next one's text goes, and where
 * the room for texts ends. */
export const WORD_SLOTS = 32;
export const WORD_ENTRIES = 36;
export const WORD_COUNT = 40;
export const WORD_MOST = 44;
export const WORD_NEXT = 48;
export const WORD_END = 52;

/** Where JSON goes, and where it must not begin any more. */
export const OUT = 56;
export const OUT_LIMIT = 60;

/** What JSON lacks: the row and the value of an entry, or how many words the key of checks has; and the free slot. */
export const MISS_ROW = 64;
export const MISS_WORDS = 68;
export const MISS_VALUE = 72;
export const MISS_SLOT = 304;
/** Slots by the key of an entry, and of checks. */
export const SPTE_SLOTS = 80;
export const CHECK_SLOTS = 84;
/** Where the line before of the same task with an MMIO SPTE is kept, if this line is compared with it; else 0. */
export const BEFORE = 88;
/** How many lines apart two may be that are compared, at most. */
export const MOST_APART = 92;
/** The tasks that have such a line, the oldest line first: how many, no more than may be near enough, and where. */
export const PENDING_COUNT = 104;
export const PENDING = 108;
/** Of each: how many bytes; the task is first, then its SPTE, the number of the line, its event. */
export const TASK_BYTES = 32;
export const TASK_SPTE = 8;
export const TASK_LINE = 16;
export const TASK_EVENT = 24;
/** Masks: address, page size, pfn. */
export const ADDRESS = 112;
export const PAGE_SIZE = 120;
export const PFN = 128;
/** The address bits that are set in entries of which they tell nothing. */
export const USUAL = 96;
/** By level and by the page size bit: the address bits that tell more than where the page is unless they are as usual. */
export const TELLING = 136;
/** The key of the checks of this line. */
export const CHECK_KEY = 232;
/** The text before the number of a line. */
export const LINE_TEXT = 1544;
export const LINE_TEXT_LENGTH = 1548;
/** The text between SPTEs and checks. */
export const CHECKS_TEXT = 308;
export const CHECKS_TEXT_LENGTH = 312;

/** How the texts of the log begin: eight bytes each, where and how long; and how many. */
export const LOG_STARTS = 1536;
export const LOG_START_COUNT = 1540;

/** Where each field of the line begins, ends, and its value: a u64, or the f64 of a decimal. */
export const STARTS = 320;
export const ENDS = 576;
export const VALUES = 832;

/** The beginning of the last line up to its CPU, how long it is (0 for none), and what it says. */
export const WHO_TEXT = 1344;
export const WHO_LENGTH = 1472;
export const WHO_TASK = 1476;
export const WHO_TASK_END = 1480;
export const WHO_TASK_ID = 1484;
export const WHO_CPU = 1488;
export const WHO_PID = 1496;

/** Pieces about the SPTEs of this line. */
export const PIECES = 1504;

/** Events by the last eight letters of their names: 16 bytes each, the letters and the event. */
export const EVENT_SLOTS = 2048;
export const EVENT_SLOT_BITS = 7;
