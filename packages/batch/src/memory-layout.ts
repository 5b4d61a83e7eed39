// SPDX-License-Identifier: GPL-2.0-only
/// <reference path="../../wasm/src/assembly-script.d.ts" />
// Where things stand in a kernel's memory, in bytes, and what numbers mean there. TypeScript and AssemblyScript both
// read this file.

/** Entries of a block. */
export const BLOCK: i32 = 8192;
/** Entries that loops take at once; they write whole groups. */
export const GROUP: i32 = 8;

// The columns of a block, for those of the caller that stand elsewhere.
/** Entries, or frames to encode: eight bytes each. */
export const IN: usize = 0;
/** Frames that were decoded, or entries that were encoded: eight bytes each. */
export const FRAMES: usize = IN + 8 * BLOCK;
/** Answers, or generations: four bytes each. */
export const WORDS: usize = FRAMES + 8 * BLOCK;
/** Answers plus 1: two bytes each. */
export const ANSWERS: usize = WORDS + 4 * BLOCK;
/** Answers, or kinds; in `encode` levels: one byte each. */
export const KINDS: usize = ANSWERS + 2 * BLOCK;
/** Access, decoded or to encode: one byte each. */
export const ACCESS: usize = KINDS + BLOCK;
/** Flags, decoded or to encode: one byte each. */
export const FLAGS: usize = ACCESS + BLOCK;
/** What loops are told of a table. */
export const RECORD: usize = FLAGS + BLOCK;

// Within the record.
/** Address bits that matter: eight bytes. */
export const WATCH: usize = 0;
/** Address of the rows by class, "address is not 0" and bits 63:52: one byte each. */
export const ROW_OF: usize = WATCH + 8;
/** Address of the answers plus 1, by row and bits 11:0: two bytes each. */
export const CELLS: usize = ROW_OF + 4;
/** Address of what each run of {@link PIECE_BITS} address bits says: two bytes each. */
export const PIECES: usize = CELLS + 4;
/** Address of where the rows of a class begin, by what its address bits say: four bytes each; -1 for one not met yet. */
export const CLASSES: usize = PIECES + 4;
/** For columns: the mask of a frame, eight bytes. */
export const FRAME_MASK: usize = CLASSES + 4;
/** For columns: by kind, all ones for those that have a frame: sixteen bytes. */
export const FRAME_KINDS: usize = FRAME_MASK + 8;
/** For columns: the kind whose fields are moved bits, one byte. */
export const MOVED_KIND: usize = FRAME_KINDS + 16;
/** For columns: address of what each byte of such an entry adds to frame and generation: sixteen bytes each. */
export const MOVED: usize = MOVED_KIND + 4;

/** Tables begin here, at a multiple of 16. */
export const TABLES: usize = RECORD + 64;

// An entry: attributes below the address and above it.
/** The first bit of the address, and the first beyond it. */
export const ADDRESS_SHIFT: i32 = 12;
export const ADDRESS_END: i32 = 52;

// A table: bits 63:52 and whether the address is 0 choose a row, bits 11:0 a cell of it.
/** Bits that choose a cell, and bits 63:52. */
export const CELL_BITS: i32 = 12;
/** Address bits in a run, of which {@link PIECES} says something; there are four runs. */
export const PIECE_BITS: i32 = 10;

// What decode's answers say: the kind from bit 0 up, then access, then flags.
export const KIND_MASK: i32 = 7;
export const ACCESS_SHIFT: i32 = 3;
export const ACCESS_MASK: i32 = 15;
export const FLAGS_SHIFT: i32 = 7;

// The keys of `encode`: flags, access and level, from bit 0 up.
export const FLAG_KEY_BITS: i32 = 5;
export const ACCESS_KEY_BITS: i32 = 4;
export const LEVEL_KEY_BITS: i32 = 3;
export const LEVEL_KEY_SHIFT: i32 = FLAG_KEY_BITS + ACCESS_KEY_BITS;
/** A frame of this number of bits stays within the address; more spoil the attributes, which the rule then looks at. */
export const FRAME_BITS: i32 = ADDRESS_END - ADDRESS_SHIFT;
