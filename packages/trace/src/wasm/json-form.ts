// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// A form of lines that are written as JSON: what was seen of it (see seen.ts), and these. TypeScript and
// AssemblyScript both read this file.
import { SEEN_BYTES } from './seen.ts';

/** The text before the time. */
export const HEAD: usize = SEEN_BYTES;
export const HEAD_LENGTH: usize = HEAD + 4;
/** Which field is the gfn, and which the level: its number plus 1, or 0. */
export const GFN: usize = HEAD_LENGTH + 4;
export const LEVEL: usize = GFN + 4;
/** Its SPTEs. */
export const SPTE_COUNT: usize = LEVEL + 4;
export const SPTES: usize = SPTE_COUNT + 4;
/** What its checks depend on, and the fields that are in the key of them. */
export const CHECKS: usize = SPTES + 4;
export const KEY_FIELD_COUNT: usize = CHECKS + 4;
export const KEY_FIELDS: usize = KEY_FIELD_COUNT + 4;
/** The event whose SPTE it is compared with, and the event as which it is kept: numbers from 1, or 0. */
export const AFTER: usize = KEY_FIELDS + 4;
export const LEAVES: usize = AFTER + 4;
/** Whether it shows what an entry became. */
export const CHANGES: usize = LEAVES + 4;
/** Whether it is explained as an exit or a fault. */
export const EXPLAINED: usize = CHANGES + 4;
/** The fields that decide over how; and those of which the plan says whether they decide over what is said. */
export const PLAN_FIELD_COUNT: usize = EXPLAINED + 4;
export const PLAN_FIELDS: usize = PLAN_FIELD_COUNT + 4;
export const WORD_FIELD_COUNT: usize = PLAN_FIELDS + 4;
export const WORD_FIELDS: usize = WORD_FIELD_COUNT + 4;
/** Its fields; one more has the text after the last. */
export const FIELD_COUNT: usize = WORD_FIELDS + 4;
export const FIELDS: usize = FIELD_COUNT + 4;
/** Of each: how it is written, and the text before it. */
export const FIELD_KIND: usize = 0;
export const FIELD_TEXT: usize = FIELD_KIND + 4;
export const FIELD_TEXT_LENGTH: usize = FIELD_TEXT + 4;
export const FIELD_BYTES: usize = FIELD_TEXT_LENGTH + 4;

// How a field is written.
export const HEX: i32 = 0;
export const DECIMAL: i32 = 1;
export const DECIMAL_HEX: i32 = 2;
export const WORD: i32 = 3;
export const SWITCH: i32 = 4;
/** Where there is no field, but the text after the last. */
export const NO_FIELD: i32 = 5;

// An SPTE of a form: its field, its role, how long that is, whether it is the guest's.
export const SPTE_FIELD: usize = 0;
export const ROLE: usize = SPTE_FIELD + 4;
export const ROLE_LENGTH: usize = ROLE + 4;
export const IS_GUEST: usize = ROLE_LENGTH + 4;
export const SPTE_BYTES: usize = IS_GUEST + 4;

// What checks depend on, beside fields.
export const NO_CHECKS: i32 = 0;
/** What is said of the first SPTE. */
export const OF_PIECE: i32 = 1;
/** Its value. */
export const OF_VALUE: i32 = 2;
/** The line before of the same task. */
export const OF_BEFORE: i32 = 3;
