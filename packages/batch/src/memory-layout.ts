// SPDX-License-Identifier: GPL-2.0-only
// Where things stand in a kernel's memory, in bytes. TypeScript and AssemblyScript both read this file.

/** Entries of a block. */
export const BLOCK = 8192;
/** Entries that loops take at once; they write whole groups. */
export const GROUP = 8;

// The columns of a block, for those of the caller that stand elsewhere.
/** Entries, or frames to encode: eight bytes each. */
export const IN = 0;
/** Frames that were decoded, or entries that were encoded: eight bytes each. */
export const FRAMES = 65536;
/** Answers, or generations: four bytes each. */
export const WORDS = 131072;
/** Answers plus 1: two bytes each. */
export const ANSWERS = 163840;
/** Answers, or kinds; in `encode` levels: one byte each. */
export const KINDS = 180224;
/** Access, decoded or to encode: one byte each. */
export const ACCESS = 188416;
/** Flags, decoded or to encode: one byte each. */
export const FLAGS = 196608;
/** What loops are told of a table. */
export const RECORD = 204800;
/** Tables begin here. */
export const TABLES = 204864;

// Within the record.
/** Address bits that matter: eight bytes. */
export const WATCH = 0;
/** Address of the rows by class, "address is not 0" and bits 63:52: one byte each. */
export const ROW_OF = 8;
/** Address of the answers plus 1, by row and bits 11:0: two bytes each. */
export const CELLS = 12;
/** Address of what each run of ten address bits says: two bytes each. */
export const PIECES = 16;
/** Address of where the rows of a class begin, by what its address bits say: four bytes each; -1 for one not met yet. */
export const CLASSES = 20;
/** For columns: the mask of a frame, eight bytes. */
export const FRAME_MASK = 24;
/** For columns: by kind, all ones for those that have a frame: sixteen bytes. */
export const FRAME_KINDS = 32;
/** For columns: the kind whose fields are moved bits, one byte. */
export const MOVED_KIND = 48;
/** For columns: address of what each byte of such an entry adds to frame and generation: eight bytes each. */
export const MOVED = 52;
