// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap } from '@spte/core';
import type { PhysicalMemory } from './memory.ts';

/** A file that answers later: a `Blob`, a file behind HTTP ranges, a target of a debugger. */
export interface AsyncFile {
  /** Size in bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes from `offset` on, which lie within the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What a `Blob` or `File` of a browser offers that is needed. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** A file whose blocks are fetched as they are needed. */
export interface FetchedFile {
  /** The file, to be read inside {@link FetchedFile.run} only. */
  readonly file: PhysicalMemory;
  /**
   * Runs something on the file. Where it needs a block that is not there, the block is fetched and it runs anew: so it
   * must not change anything but what it returns. Take steps (open the dump, then the kernel, then each VM): what a step
   * has made stays, and only the step is run again.
   */
  run<Result>(step: () => Result): Promise<Result>;
}

/** Bytes that are fetched at once. */
const BLOCK_BYTES = 1 << 18;

/** Blocks that are kept: 48 MiB. */
const MAX_BLOCKS = 192;

class Missing extends Error {
  readonly block: number;
  constructor(block: number) {
    super('a block is not there yet');
    this.block = block;
  }
}

/**
 * Reads a file that answers later by code that wants answers now.
 *
 * ```ts
 * const { file, run } = fetchedFile(blobFile(input.files[0]));
 * const dump = await run(() => openDump([file], { decoders }));
 * const kernel = await run(() => openKernel(dump));
 * ```
 */
export function fetchedFile(source: AsyncFile): FetchedFile {
  const blocks = new BoundedMap<number, Uint8Array>(MAX_BLOCKS);
  const block = (index: number): Uint8Array => {
    const bytes = blocks.get(index);
    if (bytes === undefined) throw new Missing(index);
    return bytes;
  };
  const file: PhysicalMemory = {
    read(address, length) {
      if (address + BigInt(length) > BigInt(source.size)) return null;
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const at = Number(address) + done;
        const index = Math.floor(at / BLOCK_BYTES);
        const part = block(index)
          .subarray(at - index * BLOCK_BYTES)
          .subarray(0, length - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
  };
  const fetchBlock = async (index: number): Promise<void> => {
    const start = index * BLOCK_BYTES;
    blocks.set(index, await source.read(start, Math.min(BLOCK_BYTES, source.size - start)));
  };
  return {
    file,
    async run(step) {
      for (;;) {
        try {
          return step();
        } catch (error) {
          if (!(error instanceof Missing)) throw error;
          await fetchBlock(error.block);
        }
      }
    },
  };
}

/** A `Blob` or `File` of a browser, for {@link fetchedFile}. */
export function blobFile(blob: BlobLike): AsyncFile {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
