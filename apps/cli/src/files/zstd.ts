// SPDX-License-Identifier: GPL-2.0-only
import { Decompress } from 'fzstd';
import createHashes from 'xxhash-wasm';

// A frame, as RFC 8878 has it:
//
//   magic (4)  descriptor (1)  [window (1)]  [dictionary (1, 2, 4)]  [content size (1, 2, 4, 8)]
//   blocks: header (3) with last, type, size; content
//   [checksum (4): the lower half of XXH64 of what the frame holds]
//
// The library decompresses; what it does not do is done here: one block at a time, so that no input makes it give more
// than that at once, and the checksum is looked at.

const hashes = await createHashes();

const MAGIC = 0xfd2fb528;

/** Frames that hold nothing to decompress: 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE = 0x184d2a5;

/** Largest window, in bytes: as much of what was decompressed is remembered. Levels up to 20 need as much or less. */
const MAX_WINDOW = 1 << 25;

/** Largest block, in bytes, whatever the window. */
const MAX_BLOCK = 1 << 17;

const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** Decompresses what is pushed, as far as it goes. */
export interface Unzstd {
  /** Takes compressed bytes, and gives what they hold, in pieces of a block at most. */
  push(bytes: Uint8Array): Generator<Uint8Array, void>;
  /** To be called behind the last ones. */
  end(): void;
}

interface Header {
  readonly window: number;
  readonly size: bigint | null;
  readonly hasChecksum: boolean;
}

/** What is read next: the number of bytes that are waited for, and then taken. */
type Step = { readonly need: number; readonly take: (bytes: Buffer) => Step };

/** Makes a decompressor of zstd, of one frame or more. Errors say what is wrong with the input. */
export function unzstd(): Unzstd {
  let pending: Buffer = Buffer.alloc(0);
  let done: Uint8Array[] = [];
  let isBetweenFrames = true;
  let skip = 0;

  const begin: Step = { need: 4, take: magic };
  let step = begin;

  function magic(bytes: Buffer): Step {
    const word = bytes.readUInt32LE(0);
    isBetweenFrames = false;
    if (word === MAGIC) return { need: 1, take: descriptor };
    if (word >>> 4 === SKIPPABLE) return { need: 4, take: skippable };
    throw new Error('corrupt zstd: no frame begins where one should');
  }

  function skippable(bytes: Buffer): Step {
    skip = bytes.readUInt32LE(0);
    isBetweenFrames = true;
    return begin;
  }

  function descriptor(bytes: Buffer): Step {
    const [first] = bytes as Buffer & [number];
    return { need: headerBytes(first), take: (rest) => frame(Buffer.concat([bytes, rest])) };
  }

  function frame(head: Buffer): Step {
    const { window, size, hasChecksum } = readHeader(head);
    if (window > MAX_WINDOW) {
      throw new Error(
        `its window of ${window} bytes is larger than ${MAX_WINDOW}: decompress it first, with \`zstd -d --long=31\``,
      );
    }
    const hash = hashes.create64();
    let length = 0n;
    const stream = new Decompress((piece) => {
      length += BigInt(piece.length);
      if (size !== null && length > size) throw new Error('corrupt zstd: it holds more than it says');
      hash.update(piece);
      done.push(piece);
    });
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(MAGIC);
    stream.push(Buffer.concat([magic, head]));
    const end = (checksum: Buffer): Step => {
      stream.push(checksum);
      stream.push(new Uint8Array(), true);
      if (size !== null && length !== size) throw new Error('corrupt zstd: it holds less than it says');
      if (hasChecksum && Number(hash.digest() & 0xffff_ffffn) !== checksum.readUInt32LE(0)) {
        throw new Error('corrupt zstd: its checksum is not that of what it holds');
      }
      isBetweenFrames = true;
      return begin;
    };
    const block: Step = {
      need: BLOCK_HEADER_BYTES,
      take(header) {
        const word = header.readUIntLE(0, BLOCK_HEADER_BYTES);
        const [isLast, type, size] = [(word & 1) === 1, (word >> 1) & 3, word >> 3];
        if (type === 3 || size > MAX_BLOCK) throw new Error('corrupt zstd: a block that none can be');
        return {
          // One byte that is repeated stands for a block of type 1.
          need: type === 1 ? 1 : size,
          take(content) {
            stream.push(Buffer.concat([header, content]));
            if (!isLast) return block;
            return hasChecksum ? { need: CHECKSUM_BYTES, take: end } : end(Buffer.alloc(0));
          },
        };
      },
    };
    return block;
  }

  return {
    *push(bytes) {
      pending =
        pending.length === 0
          ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
          : Buffer.concat([pending, bytes]);
      for (;;) {
        const skipped = Math.min(skip, pending.length);
        skip -= skipped;
        pending = pending.subarray(skipped);
        if (skip > 0 || pending.length < step.need) break;
        const { need, take } = step;
        const taken = pending.subarray(0, need);
        pending = pending.subarray(need);
        step = take(taken);
        yield* done;
        done = [];
      }
      // What is left belongs to a chunk whose memory may be used again.
      pending = Buffer.from(pending);
    },
    end() {
      if (!isBetweenFrames || skip > 0 || pending.length > 0) throw new Error('cut off: its zstd has no end');
    },
  };
}

/** Bytes of a frame's header behind the descriptor. */
function headerBytes(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  return (isSingle ? 0 : 1) + dictionaryBytes(descriptor) + sizeBytes(descriptor);
}

const dictionaryBytes = (descriptor: number): number => [0, 1, 2, 4][descriptor & 3] ?? 0;

function sizeBytes(descriptor: number): number {
  const flag = descriptor >> 6;
  if (flag > 0) return 1 << flag;
  return (descriptor & 0x20) === 0 ? 0 : 1;
}

/** Reads the header of a frame, from the descriptor on. */
function readHeader(head: Buffer): Header {
  const descriptor = head[0] ?? 0;
  if ((descriptor & 8) !== 0) throw new Error('corrupt zstd: a reserved bit of its header is set');
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = head.subarray(isSingle ? 1 : 2).subarray(0, dictionaryBytes(descriptor));
  if (dictionary.some((byte) => byte !== 0))
    throw new Error('it needs a dictionary: decompress it first, with `zstd -d -D`');
  const bytes = sizeBytes(descriptor);
  const size = bytes === 0 ? null : sizeIn(head.subarray(-bytes));
  return {
    size,
    window: isSingle ? Number(size ?? 0n) : windowOf(head[1] ?? 0),
    hasChecksum: (descriptor & 4) !== 0,
  };
}

/** The size of what a frame holds; two bytes count from 256. */
function sizeIn(bytes: Buffer): bigint {
  let size = 0n;
  for (const byte of bytes.toReversed()) size = (size << 8n) | BigInt(byte);
  return bytes.length === 2 ? size + 256n : size;
}

/** The window that its byte says: 1 KiB doubled so often, and eighths of that. */
function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** Decompresses a whole block, of which it is known how much it holds. */
export function unzstdBlock(block: Uint8Array, size: number): Uint8Array {
  const whole = new Uint8Array(size);
  const stream = unzstd();
  let at = 0;
  for (const piece of stream.push(block)) {
    if (at + piece.length > size) throw new Error('corrupt zstd: it holds more than it should');
    whole.set(piece, at);
    at += piece.length;
  }
  stream.end();
  return whole.subarray(0, at);
}
