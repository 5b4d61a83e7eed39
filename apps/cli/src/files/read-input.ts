// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, createReadStream, fstatSync, openSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { breathe } from '../io/clean-up.ts';
import { refuseDevice } from '../io/devices.ts';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { foreignText } from '../io/foreign.ts';
import { type Io, pathOf } from '../io/io.ts';
import { sayOnce } from '../io/say-once.ts';
import { startsWith } from './magic.ts';
import { textForm } from './text-form.ts';
import { isTraceDat } from './trace-magic.ts';

type Chunks = AsyncIterable<Uint8Array>;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** Whether a file that begins so is decompressed here. */
export function isCompressed(first: Uint8Array): boolean {
  return startsWith(first, GZIP) || startsWith(first, ZSTD);
}

/** Size of the first chunk, unless the input is shorter: enough to recognise every compression. In bytes. */
const FIRST_BYTES = 64;

const ignored = (): undefined => undefined;

/**
 * The bytes of a text or a trace.dat, of a file or, for `-`, of the standard input. Gzip and zstd are recognised and
 * decompressed, UTF-16 and the encoding of mails are undone; what cannot be a text is refused.
 *
 * @param onRead hears how many bytes more were read, before decompression
 */
export async function* readInput(
  io: Io,
  path: string,
  onRead: (bytes: number) => void = ignored,
): AsyncGenerator<Uint8Array, void> {
  try {
    const [first, all] = await peek(uncompressed(asBytes(opened(io, path), onRead)));
    const why = isTraceDat(first) ? null : foreignText(first);
    if (why !== null) throw new Error(why);
    const form = textForm(first);
    if (form !== null)
      sayOnce(io, `${shown(path)} is ${form.what}: its lines are counted as they were before`);
    yield* form === null ? all : form.decode(all);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The bytes of a memory image that may be compressed, as {@link readInput} gives those of a text. */
export async function* readImage(
  io: Io,
  path: string,
  onRead: (bytes: number) => void = ignored,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* uncompressed(asBytes(opened(io, path), onRead));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The bytes of an input as they are. */
export function opened(io: Io, path: string): AsyncIterable<Uint8Array | string> {
  return io.held?.get(path) ?? (path === '-' ? io.stdin : wholeFile(pathOf(io, path)));
}

/** Bytes read at once. */
const CHUNK = 1 << 18;

/** The bytes of a file, which may grow meanwhile, but not shrink. */
async function* wholeFile(path: string): AsyncGenerator<Uint8Array, void> {
  refuseDevice(path);
  const before = sizeOf(path);
  let read = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    read += chunk.length;
    yield chunk;
  }
  // Sizes in /sys are larger than what is there; they do not change.
  if (read < before && sizeOf(path) < before) throw new Error(SHRANK);
}

const SHRANK = 'it became shorter while it was being read';

/** The size of a file; 0 where there is none, which whoever opens it notices. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The bytes of a file from one offset up to another, not decompressed; an error when it is not the file of this inode,
 * or has become shorter.
 *
 * @param size the least that it must have
 */
export async function* readRange(
  io: Io,
  path: string,
  { inode, size }: { readonly inode: number; readonly size: number },
  [from, to]: readonly [from: number, to: number],
  onRead: (bytes: number) => void = ignored,
): AsyncGenerator<Uint8Array, void> {
  let missing = Math.min(to, size) - from;
  try {
    const fd = openSame(pathOf(io, path), inode);
    const chunks = createReadStream('', { fd, start: from, end: to - 1, highWaterMark: CHUNK });
    for await (const bytes of asBytes(chunks, onRead)) {
      missing -= bytes.length;
      yield bytes;
    }
    if (missing > 0) throw new Error(SHRANK);
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
  else if (startsWith(first, ZSTD)) yield* decompressed(all);
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

async function* decompressed(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  const { unzstd } = await import('./zstd.ts');
  const stream = unzstd();
  for await (const chunk of chunks) {
    for (const block of stream.push(chunk)) {
      yield block;
      // A few bytes may hold a gigabyte.
      await breathe();
    }
  }
  stream.end();
}

/** Longest line, in characters: that of the longest vector has some thousands. */
const MAX_LINE = 1 << 22;

/** The lines of an input, without their ends. */
export async function* readLines(io: Io, path: string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 1;
  for await (const chunk of readInput(io, path)) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    line += lines.length;
    if (rest.length > MAX_LINE)
      throw new UsageError(`${shown(path)}: line ${line} is longer than ${MAX_LINE} characters`);
    yield* lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== '') yield withoutReturn(rest);
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** Longest text that is read whole, in bytes. */
const MAX_TEXT = 1 << 24;

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
