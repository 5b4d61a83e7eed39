// SPDX-License-Identifier: GPL-2.0-only
import { refuse } from './byte-reader.ts';

/** Most bytes that a block may have, compressed or not: trace-cmd makes them of ten pages. */
const MAX_BLOCK = 1 << 24;

/** Most bytes of texts that are kept: formats of all events, names of tasks; they are a few megabytes. */
const MAX_KEPT = 1 << 24;

/** Most bytes of records that are in memory at once, some for each CPU. */
const MAX_HELD = 1 << 26;

/** How many times its own size a file may have uncompressed: trace-cmd gets 8 times, a file of almost nothing 500 times. */
const MAX_EXPANSION = 1 << 10;

/** What is taken beside the bytes of a text or a block, in bytes: there may be many that are empty. */
const OVERHEAD = 64;

/** What is taken for each CPU that a file has, in bytes; one of 32,000 is out of reach of every machine. */
export const CPU_BYTES: number = 448;

/** Counts what a file asks for, so that no number in it makes the reader take more than is sensible. */
export interface Ledger {
  /** A part of the file is read. Parts do not overlap, so that together they are no larger than the file. */
  claim(what: string, bytes: number): void;
  /** Texts or places are kept. All of them have to stay within {@link MAX_KEPT}. */
  keep(bytes: number): void;
  /** A block is read, of so many bytes, before and after it is uncompressed. */
  block(packed: number, whole: number): void;
  /** A block of records is uncompressed: all that ever were have to be in proportion to the file. */
  unpack(bytes: number): void;
  /** Memory is taken for records; all that is in use has to stay within {@link MAX_HELD}. */
  hold(bytes: number): void;
  /** Memory is given back. */
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
      kept += bytes + OVERHEAD;
      if (kept > MAX_KEPT) refuse(`its texts have more than ${MAX_KEPT} bytes`);
    },
    block(packed, whole) {
      const bytes = Math.max(packed, whole);
      if (bytes > MAX_BLOCK) refuse(`a block of ${bytes} bytes`);
    },
    unpack(bytes) {
      unpacked += bytes;
      if (unpacked > size * MAX_EXPANSION) refuse(`more than ${MAX_EXPANSION} times its size uncompressed`);
    },
    hold(bytes) {
      held += bytes;
      if (held > MAX_HELD) refuse(`its CPUs need more than ${MAX_HELD} bytes in memory at once`);
    },
    release(bytes) {
      held -= bytes;
    },
  };
}
