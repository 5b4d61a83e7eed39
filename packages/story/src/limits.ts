// SPDX-License-Identifier: GPL-2.0-only

/** Different names (events, reasons, codes, tasks) that are counted, at most. */
export const MAX_NAMES: number = 1 << 12;
/** Tasks that are followed at once, at most. */
export const MAX_TASKS: number = 1 << 12;
/** Different addresses and pages that are counted, at most. */
export const MAX_PAGES: number = 1 << 18;
/** Items of a list that are kept, at most; all are counted. */
export const MAX_ITEMS: number = 1 << 14;
/** CPUs that are followed, at most. */
export const MAX_CPUS: number = 1 << 13;
/** Lines that are held back to bring them into the order of their time, at most. */
export const MAX_HELD: number = 1 << 12;
