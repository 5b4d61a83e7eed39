// SPDX-License-Identifier: GPL-2.0-only
import { type Pieces, piecesOf } from './source.ts';

/** Refuses a file that is not a trace.dat, is cut off, or contradicts itself. */
export function refuse(what: string, cause?: unknown): never {
  throw new RangeError(`SPTE_TRACE_DAT: ${what}`, { cause });
}

/** Refuses a file that is a trace.dat, and whole as far as is known, but of a sort that is not read. */
export function unsupported(what: string): never {
  throw new RangeError(`SPTE_TRACE_DAT_UNSUPPORTED: ${what}`);
}

/** Reads numbers and texts one after the other, and never beyond the end. */
export interface ByteReader {
  /** Whether nothing is left. */
  readonly done: boolean;
  u8(): number;
  u16(): number;
  u32(): number;
  /** A 64-bit number that is a place or a size. */
  size(): number;
  /** The next bytes, which stay as they are. */
  bytes(length: number): Uint8Array;
  /** Leaves bytes out. */
  skip(length: number): void;
  /** A reader of the next bytes, which are left out here. */
  part(length: number): ByteReader;
  /** A text up to its NUL. */
  text(): string;
}

/** Longest name in a file, with its NUL, in bytes; the texts of files have a size of their own. */
const MAX_TEXT = (1 << 16) + 1;

/** Bytes that are read at once, unless told otherwise: a text fits. */
const WINDOW = 1 << 17;

/** What of a file is read, and how. */
interface Extent {
  /** The first byte that is not read; the size of the file when absent. */
  readonly end?: number;
  /** Bytes that are read at once. */
  readonly ahead?: number;
}

/** Reads bytes in memory; `what` names them in errors. */
export function memoryReader(bytes: Uint8Array, what: string): ByteReader {
  return byteReader(piecesOf(bytes), 0, what);
}

/** Reads a file from `start` on; `what` names the place in errors. */
export function byteReader(
  source: Pieces,
  start: number,
  what: string,
  { end = source.size, ahead = WINDOW }: Extent = {},
): ByteReader {
  let at = start;
  /** Some of the bytes, and where they begin. */
  let window: Uint8Array = new Uint8Array();
  let from = 0;
  const take = (length: number): number => {
    if (length > end - at) refuse(`${what}: ${length} bytes at ${at} are beyond the end, ${end}`);
    at += length;
    return at - length;
  };
  /** Bytes of the file, which are within its end. */
  const see = (offset: number, length: number): Uint8Array => {
    if (offset < from || offset + length > from + window.length) {
      window = source.piece(offset, Math.max(length, Math.min(ahead, end - offset)));
      from = offset;
    }
    return window.subarray(offset - from, offset - from + length);
  };
  const view = (length: number): DataView => {
    const { buffer, byteOffset } = see(take(length), length);
    return new DataView(buffer, byteOffset, length);
  };
  return {
    get done() {
      return at >= end;
    },
    u8: () => view(1).getUint8(0),
    u16: () => view(2).getUint16(0, true),
    u32: () => view(4).getUint32(0, true),
    size() {
      const value = view(8).getBigUint64(0, true);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`${what}: a size of ${value}`);
      return Number(value);
    },
    bytes(length) {
      return source.piece(take(length), length);
    },
    skip: (length) => void take(length),
    part(length) {
      const offset = take(length);
      return byteReader(source, offset, what, { end: offset + length });
    },
    text() {
      const bytes = see(at, Math.max(0, Math.min(MAX_TEXT, end - at)));
      const nul = bytes.indexOf(0);
      if (nul < 0) refuse(`${what}: a text at ${at} has no end`);
      at += nul + 1;
      return latin1(bytes.subarray(0, nul));
    },
  };
}

/** Bytes as characters, one each: names and formats of the kernel are ASCII. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  // In pieces: the number of arguments of a call is limited.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
