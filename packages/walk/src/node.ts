// SPDX-License-Identifier: GPL-2.0-only
/**
 * Memory images in files, for Node.
 *
 * @module
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { elfCoreMemory } from './memory/elf-core.ts';
import { ImageError } from './memory/image-error.ts';
import { imageFormat } from './memory/image-format.ts';
import type { PhysicalMemory } from './memory/memory.ts';

/** A file or a device, addressed by offset. */
export interface OpenFile extends PhysicalMemory {
  /** Gives the file back; it cannot be read any more. */
  close(): void;
}

/** An open memory image. */
export interface OpenImage extends OpenFile {
  /** `raw`: offsets in the file are physical addresses. */
  readonly format: 'elf' | 'raw';
}

/** How to read an image. */
export interface OpenOptions {
  /** What the file is, where its first bytes are not to be trusted or, as of a device, not to be read. */
  readonly format?: 'elf' | 'raw' | undefined;
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

/**
 * Opens a memory image: raw, or an ELF core, which is told by its first bytes.
 *
 * ```ts
 * const memory = openImage('guest.core');
 * try {
 *   console.log(translate(mmu, memory, { root }, 0x100000n));
 * } finally {
 *   memory.close();
 * }
 * ```
 *
 * @throws ImageError when the file is compressed, or its ELF headers are wrong
 * @throws Error of `node:fs` when the file cannot be opened
 */
export function openImage(path: string, options: OpenOptions = {}): OpenImage {
  const file = openFile(path);
  try {
    const format = options.format ?? imageFormat(file);
    if (format === 'raw') return { ...file, format };
    if (format === 'elf') return { ...file, ...elfCoreMemory(file), format };
    throw new ImageError(`${path} is ${UNREADABLE[format]}`);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** How to get an ELF core. makedumpfile refuses -E for a dump that it has compressed. */
const DUMP_AS_ELF =
  'dump again as ELF, with `makedumpfile -E` or with `dump-guest-memory` of QEMU without -z, -l and -s';

/** What each format is that cannot be read, and what to do. */
const UNREADABLE = {
  gzip: 'gzip: decompress it first, with `gzip -d`',
  zstd: 'zstd: decompress it first, with `zstd -d`',
  kdump: `a kdump in the compressed format, which cannot be turned into ELF: ${DUMP_AS_ELF}`,
  flattened:
    'a kdump in the flattened format: put it in order with `makedumpfile -R OUT < IN`, and open that. ' +
    `If it is compressed then: ${DUMP_AS_ELF}`,
} as const;
