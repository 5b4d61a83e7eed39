// SPDX-License-Identifier: GPL-2.0-only

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decoders, ImageError, imageFormat } from '@spte/vmcore';
import { nodeDecoders, type OpenDump, openDumpFile, openFile } from '@spte/vmcore/node';
import { decompress } from 'fzstd';
import { cleaningUp } from '../io/clean-up.ts';
import { refuseDevice } from '../io/devices.ts';
import { shown, UsageError, unreadable } from '../io/errors.ts';
import { foreignImage } from '../io/foreign.ts';
import { type Io, pathOf } from '../io/io.ts';
import { removeLeftovers } from '../io/leftovers.ts';
import { fileProgress } from '../io/progress.ts';
import { readImage } from './read-input.ts';

/** Blocks of an image that are looked at for zeroes, which need no room in a sparse file. */
const BLOCK = 1 << 16;

const ZEROES = Buffer.alloc(BLOCK);

/** A library's zstd where Node has none, as 20 has. */
const decoders: Decoders = {
  zstd: nodeDecoders().zstd ?? ((input, size) => decompress(input, new Uint8Array(size))),
};

/**
 * Opens a memory image: a crash dump of any format, or raw memory; each may be compressed by gzip or zstd. Several paths
 * are the parts of a split dump.
 */
export async function openMemory(io: Io, paths: readonly string[]): Promise<OpenDump> {
  const folders: string[] = [];
  const cleanUp = (): void => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  };
  return cleaningUp(cleanUp, async () => {
    const files: string[] = [];
    for (const path of paths) files.push(await plainFile(io, path, folders));
    // An open file stays readable when its name is gone.
    return openNamed(files, paths);
  });
}

function openNamed(files: readonly string[], paths: readonly string[]): OpenDump {
  try {
    return openDumpFile(files, { decoders });
  } catch (error) {
    if (error instanceof ImageError)
      throw new UsageError(`${paths.map((path) => shown(path)).join(' ')}: ${error.message}`);
    throw unreadable(paths.join(' '), error);
  }
}

/** The file itself, or what it unpacks to: a sparse temporary file in a folder of its own. */
async function plainFile(io: Io, path: string, folders: string[]): Promise<string> {
  if (!isCompressed(io, path)) return pathOf(io, path);
  removeLeftovers(tmpdir(), (name) => /^spte-(\d+)-\w{6}$/.exec(name)?.[1]);
  const folder = mkdtempSync(join(tmpdir(), `spte-${process.pid}-`));
  folders.push(folder);
  const copy = join(folder, 'image');
  await unpack(io, path, copy);
  return copy;
}

/** Bytes in which a foreign file is recognised. */
const FIRST_BYTES = 512;

function isCompressed(io: Io, path: string): boolean {
  try {
    refuseDevice(pathOf(io, path));
    const file = openFile(pathOf(io, path));
    try {
      const first = file.read(0n, FIRST_BYTES) ?? file.read(0n, 8);
      const why = first === null ? null : foreignImage(first);
      if (why !== null) throw new Error(why);
      return ['gzip', 'zstd'].includes(imageFormat(file));
    } finally {
      file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function unpack(io: Io, path: string, copy: string): Promise<void> {
  const fd = openSync(copy, 'wx', 0o600);
  let position = 0;
  const bar = fileProgress(io, path, 'unpacking');
  try {
    for await (const chunk of readImage(io, path, bar.read)) {
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
