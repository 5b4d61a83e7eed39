// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { type DatBytes, type Io, pathOf } from '../io/io.ts';
import { isTraceDat } from './trace-magic.ts';

/** Largest trace.dat that is no plain file and goes into one first, in bytes. */
const MAX_SPOOLED = 2 ** 31;

/** Bytes that tell a trace.dat. */
const MAGIC_BYTES = 16;

/** The bytes of an input that is a plain file itself; null for any other. */
export function fileBytes(io: Io, path: string): DatBytes | null {
  if (path === '-' || io.held?.has(path) === true) return null;
  const file = pathOf(io, path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const bytes = bytesOf(path, openSync(file, 'r'));
  const first = new Uint8Array(Math.min(MAGIC_BYTES, bytes.size));
  bytes.read(first, 0);
  if (isTraceDat(first)) return bytes;
  bytes.close();
  return null;
}

/** Writes what an input gives into a file that has no name any more, so that nothing is left behind. */
export async function spooledBytes(path: string, chunks: AsyncIterable<Uint8Array>): Promise<DatBytes> {
  const folder = mkdtempSync(join(tmpdir(), 'spte-'));
  const fd = openSync(join(folder, 'trace.dat'), 'wx+', 0o600);
  try {
    rmSync(folder, { recursive: true });
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > MAX_SPOOLED) throw new UsageError(`${shown(path)} is longer than ${MAX_SPOOLED} bytes`);
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    }
    return bytesOf(path, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function bytesOf(path: string, fd: number): DatBytes {
  let isOpen = true;
  return {
    size: fstatSync(fd).size,
    read(into, offset) {
      for (let at = 0; at < into.length; ) {
        const count = readSync(fd, into, at, into.length - at, offset + at);
        if (count === 0) throw unreadable(path, new Error('it became shorter while it was being read'));
        at += count;
      }
    },
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}
