// SPDX-License-Identifier: GPL-2.0-only
import { refuse } from './byte-reader.ts';

/** Most bytes that a block may have, compressed or not: formats of all events are a few megabytes. */
export const LARGEST_BLOCK: number = 1 << 26;

/** Most bytes of uncompressed blocks of records that are kept at once, one block for each CPU; most have 40 KiB. */
const MAX_HELD: number = 1 << 28;

/** How many times its own size a file may have uncompressed: trace-cmd gets 8 times, a file of almost nothing 500 times. */
const MAX_EXPANSION = 1 << 10;

/** Counts what a file asks for, so that no number in it makes the reader take more than is sensible. */
export interface Ledger {
  /** A part of the file is read. Parts do not overlap, so that together they are no larger than the file. */
  claim(what: string, bytes: number): void;
  /** A section was uncompressed: its text is kept. All of them have to stay within {@link LARGEST_BLOCK}. */
  keep(bytes: number): void;
  /**
   * A block of records is to be uncompressed; all that are in use have to stay within {@link MAX_HELD}, and all that
   * ever were in proportion to the file.
   */
  hold(bytes: number): void;
  /** A block of records is done with. */
  release(bytes: number): void;
}

/** Opens the ledger of a file of `size` bytes. */
export function openLedger(size: number): Ledger {
  let claimed = 0;
  let kept = 0;
  let held = 0;
  let unpacked = 0;
  return {
    claim(what, bytes) {
      claimed += bytes;
      if (claimed > size) refuse(`${what}: ${claimed} bytes are claimed in all, the file has ${size}`);
    },
    keep(bytes) {
      kept += bytes;
      if (kept > LARGEST_BLOCK) refuse(`its sections have more than ${LARGEST_BLOCK} bytes uncompressed`);
    },
    hold(bytes) {
      held += bytes;
      unpacked += bytes;
      if (unpacked > size * MAX_EXPANSION) refuse(`more than ${MAX_EXPANSION} times its size uncompressed`);
      if (held > MAX_HELD) refuse(`its CPUs need more than ${MAX_HELD} bytes uncompressed at once`);
    },
    release(bytes) {
      held -= bytes;
    },
  };
}
