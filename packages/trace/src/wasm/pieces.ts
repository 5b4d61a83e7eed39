// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../../wasm/src/assembly-script.d.ts" />
// Pieces of JSON, kept by what they depend on. TypeScript and AssemblyScript both read this file.
import { SEEN_BYTES } from './seen.ts';

/** How many slots there are for the pieces about SPTEs, and for those about checks, as a power of two. */
export const SLOT_BITS: i32 = 15;

// A slot for a piece about an SPTE: its key (attributes, or the whole value), its row, and the piece.
export const SLOT_KEY: usize = 0;
export const SLOT_ROW: usize = SLOT_KEY + 8;
export const SLOT_PIECE: usize = SLOT_ROW + 4;
export const SPTE_SLOT_BYTES: usize = SLOT_PIECE + 4;
/** A slot for a piece about checks has the piece alone. */
export const CHECK_SLOT_BYTES: usize = 4;

// Rows: the level, 0 where it is not known, and these.
export const LEVEL_MASK: i32 = 7;
export const GUEST: i32 = 8;
/** The key is the whole value. */
export const WHOLE: i32 = 16;

// In place of a piece.
/** None yet. */
export const NONE: usize = 0;
/** Entries with these attributes differ: look for the whole value. Or there are no checks. */
export const DIFFER: usize = 1;
/** JavaScript writes the line. */
export const REFUSED: usize = 2;

// Any piece begins with what was seen of it: see seen.ts.
/** About an SPTE: whether it holds only where no address bit tells anything with bit 7 the other way round, too. */
export const STRICT: usize = SEEN_BYTES;
/** Then texts, each with its length (u16), and what comes after it (u16). */
export const TEXTS: usize = STRICT + 4;
export const HOLE: usize = 2;
export const TEXT: usize = 4;

// What comes after a text.
export const END: i32 = 0;
export const VALUE_HOLE: i32 = 1;
export const GFN_HOLE: i32 = 2;
export const PFN_HOLE: i32 = 3;
export const ROLE_HOLE: i32 = 4;
/** A field of the line, as hex: its number is added. */
export const FIELD_HOLE: i32 = 16;

/** About checks: the length of its text, then its key, then the text. */
export const CHECKS_LENGTH: usize = SEEN_BYTES;
export const CHECKS_KEY: usize = CHECKS_LENGTH + 8;

// In the slots of checks are also, with a key in the same place:
/** plans of lines that are explained: a bit for each word field that is in the key of what is said; no text. */
export const PLAN: usize = CHECKS_LENGTH;
/** what is said: what is kept for the task's next line, and how many words the key has; then, behind it, the texts. */
export const LEFT: usize = CHECKS_LENGTH;
export const KEY_WORDS: usize = LEFT + 4;
