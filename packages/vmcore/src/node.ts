// SPDX-License-Identifier: GPL-2.0-only
/**
 * Dumps in files, and devices, for Node.
 *
 * @module
 */
import { closeSync, openSync, readSync } from 'node:fs';
import * as zlib from 'node:zlib';
import type { Decoder, Decoders } from './codecs/decoders.ts';
import type { Dump } from './containers/dump.ts';
import { type DumpOptions, openDump } from './containers/open-dump.ts';
import type { PhysicalMemory } from './memory/memory.ts';

/** A file or a device, addressed by offset. */
export interface OpenFile extends PhysicalMemory {
  /** Gives the file back; it cannot be read any more. */
  close(): void;
}

/** An open dump. */
export interface OpenDump extends Dump {
  /** Gives its files back; it cannot be read any more. */
  close(): void;
}

/** Errors by which a device says that it has nothing, or nothing that may be read, at an address. */
const HOLES: ReadonlySet<unknown> = new Set(['EFAULT', 'EINVAL', 'EIO', 'ENXIO', 'EOVERFLOW', 'EPERM']);

/** The largest offset that a system call takes. */
const MAX_OFFSET = (1n << 63n) - 1n;

/**
 * Opens a file, sparse or not, or a device such as `/dev/mem`: what is not there is a hole.
 *
 * @throws Error of `node:fs` when the file cannot be opened, and later when it cannot be read
 */
export function openFile(path: string): OpenFile {
  const fd = openSync(path, 'r');
  return {
    read(offset, length) {
      if (offset + BigInt(length) > MAX_OFFSET) return null;
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSome(fd, bytes, done, offset + BigInt(done));
        if (count === 0) return null;
        done += count;
      }
      return bytes;
    },
    close: () => closeSync(fd),
  };
}

function readSome(fd: number, bytes: Uint8Array, done: number, position: bigint): number {
  try {
    return readSync(fd, bytes, done, bytes.length - done, position);
  } catch (error) {
    if (error instanceof Error && 'code' in error && HOLES.has(error.code)) return 0;
    throw error;
  }
}

/** The decoders that this Node has: zlib always, zstd from 22.15 and 23.8 on. */
export function nodeDecoders(): Decoders {
  return decodersIn(zlib);
}

/** The same of a module like `node:zlib`, which may have no zstd. */
export function decodersIn(runtime: object): Decoders {
  const { inflateSync, zstdDecompressSync } = runtime as {
    readonly inflateSync: typeof zlib.inflateSync;
    readonly zstdDecompressSync?: typeof zlib.inflateSync;
  };
  return {
    zlib: bounded(inflateSync),
    zstd: zstdDecompressSync === undefined ? undefined : bounded(zstdDecompressSync),
  };
}

/** A function of Node's that gives no more than a page. */
function bounded(decompress: typeof zlib.inflateSync): Decoder {
  return (input, size) => decompress(input, { maxOutputLength: size });
}

/**
 * Opens a crash dump, or any image of memory, in a file; several files are the parts of a split dump.
 *
 * ```ts
 * const dump = openDumpFile('/var/crash/vmcore');
 * try {
 *   console.log(openKernel(dump).release);
 * } finally {
 *   dump.close();
 * }
 * ```
 *
 * @throws ImageError when it cannot be read; the message says what it is and what to do
 * @throws Error of `node:fs` when a file cannot be opened
 */
export function openDumpFile(paths: string | readonly string[], options: DumpOptions = {}): OpenDump {
  const names = typeof paths === 'string' ? [paths] : paths;
  const files: OpenFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    for (const name of names) files.push(openFile(name));
    const decoders = { ...nodeDecoders(), ...options.decoders };
    return { ...openDump(files, { ...options, decoders }), close };
  } catch (error) {
    close();
    throw error;
  }
}
