// SPDX-License-Identifier: GPL-2.0-only

import type { LineReader } from '../lines/reader.ts';
import type { Kernel } from './kernel.ts';
import * as STATE from './state.ts';
import * as STATUS from './status.ts';

/** Takes a trace in pieces, and its end. */
export interface LineFeed {
  readonly push: (chunk: Uint8Array) => void;
  readonly end: () => void;
}

/** Bytes that are read at a time. */
const INPUT_BYTES = 1 << 18;

const NEWLINE = 10;

/**
 * Gives the lines of a trace to the kernel, and those that it declines to a reader.
 *
 * @param full makes room when the kernel stops because there is none, after which it tries the same line again
 */
export function createLineFeed(
  { arena, exports }: Kernel,
  reader: LineReader,
  full: (status: number) => void,
): LineFeed {
  if (exports === null) return reader;
  const start = arena.take(INPUT_BYTES);
  /** Where the input ends. The kernel has seen what is before it: no whole line is left. */
  let end = start;

  /** Gives the reader a line from a place on, or what there is of one; returns where it ends. */
  const giveReader = (from: number): number => {
    const newline = arena.bytes.subarray(0, end).indexOf(NEWLINE, from);
    const to = newline < 0 ? end : newline + 1;
    reader.push(arena.bytes.slice(from, to));
    return to;
  };

  /** Takes whole lines from a place on; returns where the first is that is not whole. */
  const takeLines = (from: number): number => {
    for (let at = from; ; ) {
      while (!reader.idle && at < end) at = giveReader(at);
      arena.view.setFloat64(STATE.LINE, reader.next, true);
      const status = exports.scan(at, end);
      reader.skip(arena.get(STATE.RECOGNISED), arena.get(STATE.PASSED));
      arena.set(STATE.RECOGNISED, 0);
      arena.set(STATE.PASSED, 0);
      at = arena.get(STATE.POSITION);
      if (status === STATUS.DONE) return at;
      if (status === STATUS.DECLINED) at = giveReader(at);
      else full(status);
    }
  };

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const piece = chunk.subarray(at, at + start + INPUT_BYTES - end);
        at += piece.length;
        arena.bytes.set(piece, end);
        end += piece.length;
        if (!piece.includes(NEWLINE) && end < start + INPUT_BYTES) continue;
        // The beginning of the line at hand is elsewhere now.
        arena.set(STATE.WHO_LENGTH, 0);
        let rest = takeLines(start);
        // No line is whole in all the room.
        if (rest === start && end === start + INPUT_BYTES) rest = giveReader(start);
        arena.bytes.copyWithin(start, rest, end);
        end = start + end - rest;
      }
    },
    end() {
      if (end > start) reader.push(arena.bytes.slice(start, end));
      reader.end();
    },
  };
}
