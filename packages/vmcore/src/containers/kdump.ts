// SPDX-License-Identifier: GPL-2.0-only
import { allDecoders, CODEC_FLAGS, type Decoder, type Decoders } from '../codecs/decoders.ts';
import { type PhysicalMemory, readExactly } from '../memory/memory.ts';
import { Bitmap } from './bitmap.ts';
import { type Dump, gapOf, PAGE_BYTES, type Page, there } from './dump.ts';
import { type KdumpHeader, readKdumpHeader } from './kdump-header.ts';
import { pagedMemory } from './paged-memory.ts';

/*
 * A descriptor, one for each bit of the second bitmap that is set, in the order of pages: 0 offset of the data  8 size
 * 12 flags  16 flags of the page.
 */
const DESCRIPTOR_BYTES = 24;

/** A kdump: makedumpfile's and QEMU's compressed format. One file of it: a part, where the dump is split. */
export interface KdumpFile extends Dump {
  readonly header: KdumpHeader;
}

/**
 * A dump in the kdump-compressed format, version 1 to 6, with pages of any codec.
 *
 * @param file the file, addressed by offset; not in the flattened form
 * @throws ImageError when its headers are cut off, impossible, or of another machine
 */
export function kdumpFile(file: PhysicalMemory, given: Decoders): KdumpFile {
  const header = readKdumpHeader(file);
  const { bitmaps, bitmapBytes, maxPfn, part } = header;
  const ram = new Bitmap(file, bitmaps, maxPfn);
  const pages = new Bitmap(file, bitmaps + bitmapBytes, maxPfn);
  const descriptors = bitmaps + 2n * bitmapBytes;
  const decoders = allDecoders(given);

  function readPage(pfn: number): Page {
    const isHere = pages.has(pfn);
    if (isHere === false) {
      return ram.has(pfn) === true
        ? gapOf('filtered', `left out of the dump (makedumpfile -d ${header.dumpLevel})`)
        : gapOf('not-ram', 'not RAM');
    }
    if (part !== null && (pfn < part.start || pfn >= part.end)) {
      return gapOf(
        'other-part',
        `in another part of the split dump: this one has the pages ${part.start} to ${part.end - 1}`,
      );
    }
    const before = pages.rank(part?.start ?? 0);
    const rank = pages.rank(pfn);
    if (isHere === null || rank === null || before === null) {
      return gapOf('cut-off', 'the file ends within its bitmaps');
    }
    const index = BigInt(rank - before);
    const descriptor = readExactly(file, descriptors + index * BigInt(DESCRIPTOR_BYTES), DESCRIPTOR_BYTES);
    return descriptor === null
      ? gapOf('cut-off', 'the file ends before its descriptor')
      : pageOf(file, descriptor, decoders);
  }

  return {
    header,
    container: 'kdump',
    vmcoreinfo: header.vmcoreinfo,
    complete: part === null && !header.isIncomplete,
    notes: header.isIncomplete ? ['the dump is incomplete: its writer ran out of room'] : [],
    runs: () => pages.runs(),
    ...pagedMemory(readPage),
  };
}

function pageOf(file: PhysicalMemory, descriptor: DataView, decoders: ReturnType<typeof allDecoders>): Page {
  const offset = descriptor.getBigUint64(0, true);
  const size = descriptor.getUint32(8, true);
  const flags = descriptor.getUint32(12, true);
  if (size === 0 || size > PAGE_BYTES) {
    return gapOf('damaged', `damaged: its descriptor claims ${size} bytes, 1 to ${PAGE_BYTES} are possible`);
  }
  const data = file.read(offset, size);
  if (data === null) return gapOf('cut-off', 'the file ends before its data');
  const codec = CODEC_FLAGS.find(([flag]) => (flags & flag) !== 0)?.[1];
  if (codec === undefined) return wholePage(data);
  const decoder = decoders[codec];
  if (decoder === undefined) return gapOf('no-decoder', `compressed by ${codec}, and no decoder was given`);
  return decoded(decoder, data, codec);
}

function decoded(decoder: Decoder, data: Uint8Array, codec: string): Page {
  try {
    return wholePage(decoder(data, PAGE_BYTES));
  } catch (error) {
    // What a decoder cannot decode is damaged; a fault of the file below it is not for it to explain.
    return gapOf('damaged', `damaged: ${codec} cannot decode it (${(error as Error).message})`);
  }
}

function wholePage(bytes: Uint8Array): Page {
  return bytes.length === PAGE_BYTES
    ? there(bytes)
    : gapOf('damaged', `damaged: it has ${bytes.length} bytes, not ${PAGE_BYTES}`);
}
