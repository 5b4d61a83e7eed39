// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';

type Chunks = AsyncIterable<Uint8Array>;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** Whether bytes begin with these. */
export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Whether a file that begins so is decompressed here. */
export function isCompressed(first: Uint8Array): boolean {
  return startsWith(first, GZIP) || startsWith(first, ZSTD);
}

/** Size of the first chunk, unless the input is shorter: enough to recognise every format. In bytes. */
export const FIRST_BYTES = 64;

/** The bytes of a file, or of the standard input for `-`; gzip and zstd are recognised and decompressed. `onRead`
 * hears how many bytes more were read, before decompression. */
export async function* readInput(
  io: Io,
  path: string,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* uncompressed(asBytes(opened(io, path), onRead));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The bytes of an input as they are. */
export function opened(io: Io, path: string): AsyncIterable<Uint8Array | string> {
  return io.held?.get(path) ?? (path === '-' ? io.stdin : createReadStream(pathOf(io, path)));
}

/** Bytes read at once. */
const CHUNK = 1 << 18;

/** The bytes of a file from one offset up to another, not decompressed; an error when it is not the file of this inode. */
export async function* readRange(
  io: Io,
  path: string,
  inode: number,
  [from, to]: readonly [from: number, to: number],
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void> {
  try {
    const fd = openSame(pathOf(io, path), inode);
    yield* asBytes(createReadStream('', { fd, start: from, end: to - 1, highWaterMark: CHUNK }), onRead);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function openSame(path: string, inode: number): number {
  const fd = openSync(path, 'r');
  if (fstatSync(fd).ino === inode) return fd;
  closeSync(fd);
  throw new Error('another file replaced it while it was being read');
}

async function* asBytes(
  chunks: AsyncIterable<Uint8Array | string>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onRead(bytes.length);
    yield bytes;
  }
}

async function* uncompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const [first, all] = await peek(chunks);
  if (startsWith(first, GZIP)) yield* gunzip(all);
  else if (startsWith(first, ZSTD)) yield* unzstd(all);
  else yield* all;
}

/** The first bytes, and everything. */
async function peek(chunks: AsyncIterable<Uint8Array>): Promise<[Uint8Array, Chunks]> {
  const iterator: AsyncIterator<Uint8Array> = chunks[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  while (first.length < FIRST_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const all = async function* (): AsyncGenerator<Uint8Array, void> {
    yield first;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return [first, all()];
}

async function* gunzip(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(chunks);
  const gunzip = source.pipe(createGunzip());
  // Errors do not travel through pipe() on their own.
  source.on('error', (error) => gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Uint8Array>;
}

async function* unzstd(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  const done: Uint8Array[] = [];
  const stream = new Decompress((chunk) => done.push(chunk));
  for await (const chunk of chunks) {
    stream.push(chunk);
    yield* done.splice(0);
  }
  stream.push(new Uint8Array(), true);
  yield* done;
}

/** The lines of an input, without their ends. */
export async function* readLines(io: Io, path: string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of readInput(io, path)) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    yield* lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== '') yield withoutReturn(rest);
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** Longest text that is read whole, in bytes. */
const MAX_TEXT = 1 << 26;

/** The whole text of an input. */
export async function readText(io: Io, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readInput(io, path)) {
    length += chunk.length;
    if (length > MAX_TEXT) throw new UsageError(`${shown(path)} is longer than ${MAX_TEXT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
