// SPDX-License-Identifier: GPL-2.0-only

/** Refuses a file that is not a trace.dat, or contradicts itself. */
export function refuse(what: string, cause?: unknown): never {
  throw new RangeError(`SPTE_TRACE_DAT: ${what}`, { cause });
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
  /** A view of the next bytes. */
  bytes(length: number): Uint8Array;
  /** A text up to its NUL. */
  text(): string;
}

/** Longest name in a file; the texts of files have a size of their own. */
const MAX_TEXT = 1 << 16;

/** Reads `bytes` from `start`; `what` names them in errors. */
export function byteReader(bytes: Uint8Array, start: number, what: string): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const take = (length: number): number => {
    if (length > bytes.length - at) {
      refuse(`${what}: ${length} bytes at ${at} are beyond the end, ${bytes.length}`);
    }
    at += length;
    return at - length;
  };
  return {
    get done() {
      return at >= bytes.length;
    },
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    size() {
      const value = view.getBigUint64(take(8), true);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`${what}: a size of ${value}`);
      return Number(value);
    },
    bytes(length) {
      const from = take(length);
      return bytes.subarray(from, from + length);
    },
    text() {
      const end = bytes.indexOf(0, at);
      if (end < 0 || end - at > MAX_TEXT) refuse(`${what}: a text at ${at} has no end`);
      const from = take(end + 1 - at);
      return latin1(bytes.subarray(from, end));
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
