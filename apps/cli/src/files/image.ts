// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageError, imageFormat } from '@spte/walk';
import { type OpenImage, openFile, openImage } from '@spte/walk/node';
import { cleaningUp } from '../io/clean-up.ts';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { type Io, pathOf } from '../io/io.ts';
import { fileProgress } from '../io/progress.ts';
import { readInput } from './read-input.ts';

/** Blocks of an image that are looked at for zeroes, which need no room in a sparse file. */
const BLOCK = 1 << 16;

const ZEROES = Buffer.alloc(BLOCK);

/** Opens a memory image: raw, ELF, or either of them compressed by gzip or zstd. */
export async function openMemory(io: Io, path: string): Promise<OpenImage> {
  try {
    return isCompressed(io, path) ? await openCompressed(io, path) : openImage(pathOf(io, path));
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(error.message);
    throw error instanceof UsageError ? error : unreadable(path, error);
  }
}

function isCompressed(io: Io, path: string): boolean {
  const file = openFile(pathOf(io, path));
  try {
    return ['gzip', 'zstd'].includes(imageFormat(file));
  } finally {
    file.close();
  }
}

/** Unpacks an image into a sparse temporary file, which is gone when it is closed. */
async function openCompressed(io: Io, path: string): Promise<OpenImage> {
  const folder = mkdtempSync(join(tmpdir(), 'spte-'));
  const cleanUp = (): void => rmSync(folder, { recursive: true, force: true });
  return cleaningUp(cleanUp, async () => {
    const copy = join(folder, 'image');
    await unpack(io, path, copy);
    // An open file stays readable when its name is gone.
    return openImage(copy);
  });
}

async function unpack(io: Io, path: string, copy: string): Promise<void> {
  const fd = openSync(copy, 'wx', 0o600);
  let position = 0;
  const bar = fileProgress(io, path, 'unpacking');
  try {
    for await (const chunk of readInput(io, path, bar.read)) {
      for (let start = 0; start < chunk.length; start += BLOCK) {
        const block = chunk.subarray(start, start + BLOCK);
        if (ZEROES.compare(block, 0, block.length, 0, block.length) !== 0) {
          writeWhole(fd, block, position + start, path);
        }
      }
      position += chunk.length;
    }
    ftruncateSync(fd, position);
  } finally {
    bar.done();
    closeSync(fd);
  }
}

function writeWhole(fd: number, block: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < block.length; ) {
    try {
      done += writeSync(fd, block, done, block.length - done, position + done);
    } catch (error) {
      throw new UsageError(`cannot unpack ${shown(path)} into ${tmpdir()}: ${(error as Error).message}`);
    }
  }
}
