// SPDX-License-Identifier: GPL-2.0-only
import { ImageError } from '../memory/image-error.ts';
import { type PhysicalMemory, readExactly } from '../memory/memory.ts';
import { PAGE_BYTES } from './dump.ts';
import { asciiOf, MAX_VMCOREINFO_BYTES, vmcoreinfoNote } from './notes.ts';

/*
 * Offsets in the header of a kdump, in bytes, and in the sub-header, a block behind it.
 *
 *  header      0 signature  8 version  12 six names of 65 bytes, the fifth the machine  424 status  428 block size
 *              432 blocks of the sub-header  436 blocks of both bitmaps  440 pages, 32 bits
 *  sub-header  8 dump level  12 split  16 start pfn  24 end pfn  32 vmcoreinfo: offset  40 size  48 notes: offset
 *              56 size  80 start pfn  88 end pfn  96 pages, 64 bits
 */
const HEADER_BYTES = 464;
const SUB_HEADER_BYTES = 104;
const MACHINE_AT = 12 + 4 * 65;

/** Versions that are known. */
const MAX_VERSION = 6;

/** A page of the bitmaps has a bit for this many pages. */
const BITS_PER_BLOCK = PAGE_BYTES * 8;

/** Blocks of both bitmaps: 2^20 are 64 TiB of memory, as much as x86-64 has with four levels. */
const MAX_BITMAP_BLOCKS = 1 << 20;

/** Blocks of the sub-header: one is usual. */
const MAX_SUB_HEADER_BLOCKS = 1 << 16;

/** The dump was not written to its end. */
const STATUS_INCOMPLETE = 8;

/** What the headers of a kdump say. */
export interface KdumpHeader {
  readonly version: number;
  /** Page frame numbers are below this. */
  readonly maxPfn: number;
  /** Offset of the bitmap of RAM; that of the pages in the file follows. */
  readonly bitmaps: bigint;
  /** Bytes of one bitmap. */
  readonly bitmapBytes: bigint;
  /** What makedumpfile was told to leave out (`-d`); 0 where nothing says. */
  readonly dumpLevel: number;
  /** Pages that this part of a split dump has; null for a dump in one file. */
  readonly part: { readonly start: number; readonly end: number } | null;
  readonly isIncomplete: boolean;
  readonly vmcoreinfo: string | null;
}

/**
 * Reads the headers of a kdump.
 *
 * @throws ImageError when they are cut off, impossible, or of another machine
 */
export function readKdumpHeader(file: PhysicalMemory): KdumpHeader {
  const header = headerAt(file, 'header', 0n, HEADER_BYTES);
  const version = header.getInt32(8, true);
  if (version < 1 || version > MAX_VERSION) {
    throw new ImageError(`a kdump of version ${version}; 1 to ${MAX_VERSION} are read`);
  }
  const machine = asciiOf(new Uint8Array(header.buffer, header.byteOffset + MACHINE_AT, 65));
  if (machine !== 'x86_64') {
    throw new ImageError(`a kdump of machine "${printable(machine)}"; only x86_64 is read`);
  }
  const blockBytes = header.getInt32(428, true);
  if (blockBytes !== PAGE_BYTES) {
    throw new ImageError(`the block size of the kdump is ${blockBytes}; on x86-64 it is ${PAGE_BYTES}`);
  }
  const subBlocks = header.getUint32(432, true);
  const bitmapBlocks = header.getUint32(436, true);
  checkBlocks('sub-header', subBlocks, 1, MAX_SUB_HEADER_BLOCKS);
  checkBlocks('bitmaps', bitmapBlocks, 2, MAX_BITMAP_BLOCKS);
  const sub = headerAt(file, 'sub-header', BigInt(PAGE_BYTES), SUB_HEADER_BYTES);
  const half = bitmapBlocks >>> 1;
  const claimed = version >= 6 ? Number(sub.getBigUint64(96, true)) : header.getUint32(440, true);
  return {
    version,
    maxPfn: Math.min(claimed, half * BITS_PER_BLOCK),
    bitmaps: BigInt(1 + subBlocks) * BigInt(PAGE_BYTES),
    bitmapBytes: BigInt(half) * BigInt(PAGE_BYTES),
    dumpLevel: sub.getInt32(8, true),
    part: version >= 2 && sub.getInt32(12, true) !== 0 ? partOf(sub, version) : null,
    isIncomplete: (header.getUint32(424, true) & STATUS_INCOMPLETE) !== 0,
    vmcoreinfo: vmcoreinfoOf(file, sub, version),
  };
}

function headerAt(file: PhysicalMemory, what: string, offset: bigint, length: number): DataView {
  const view = readExactly(file, offset, length);
  if (view === null) throw new ImageError(`the kdump is cut off in its ${what}`);
  return view;
}

function checkBlocks(what: string, blocks: number, min: number, max: number): void {
  if (blocks >= min && blocks <= max) return;
  throw new ImageError(`the kdump claims ${blocks} blocks of ${what}; ${min} to ${max} are possible`);
}

/** A name from a file, without anything that a terminal would take for more than text. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?');
}

function partOf(sub: DataView, version: number): { start: number; end: number } {
  const at = version >= 6 ? 80 : 16;
  return { start: Number(sub.getBigUint64(at, true)), end: Number(sub.getBigUint64(at + 8, true)) };
}

function vmcoreinfoOf(file: PhysicalMemory, sub: DataView, version: number): string | null {
  if (version < 3) return null;
  const bytes = sub.getBigUint64(40, true);
  if (bytes > 0n && bytes <= BigInt(MAX_VMCOREINFO_BYTES)) {
    const text = file.read(sub.getBigUint64(32, true), Number(bytes));
    if (text !== null) return asciiOf(text);
  }
  return version < 4 ? null : vmcoreinfoNote(file, sub.getBigUint64(48, true), sub.getBigUint64(56, true));
}
