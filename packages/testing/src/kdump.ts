// SPDX-License-Identifier: GPL-2.0-only
import { deflateSync } from 'node:zlib';

/** Pages of a machine, of which a dump is made. */
export interface MemoryImage {
  /** Runs of pages that are in the dump: `[start, end)`. */
  readonly present: readonly (readonly [start: number, end: number])[];
  /** A page by its frame number; null where it is all zero. */
  page(pfn: number): Uint8Array | null;
  readonly vmcoreinfo: string | null;
}

/** How pages are compressed; `mixed` takes one codec after the other. */
export type PageCodec = 'stored' | 'zlib' | 'lzo' | 'snappy' | 'zstd' | 'mixed';

/** How a kdump is to be written; what is not given is as makedumpfile writes it. */
export interface KdumpOptions {
  readonly version?: number;
  readonly codec?: PageCodec;
  /** Pages that are RAM besides those that are in the dump. */
  readonly filtered?: readonly number[];
  /** The pages of one part of a split dump. */
  readonly part?: readonly [start: number, end: number];
  readonly machine?: string;
  readonly status?: number;
  /** Whether the kernel's text stands in a note only, as before version 3. */
  readonly inNote?: boolean;
  readonly dumpLevel?: number;
}

const PAGE = 4096;
const ZERO = new Uint8Array(PAGE);
const FLAGS = { stored: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 0x20 } as const;
const CODECS = ['stored', 'zlib', 'lzo', 'snappy', 'zstd'] as const;

/** Writes a kdump, with one page of zeroes for all pages of zeroes, as makedumpfile does. */
export function buildKdump(image: MemoryImage, options: KdumpOptions = {}): Uint8Array<ArrayBuffer> {
  const { version = 6, filtered = [], part, machine = 'x86_64', status = 1, dumpLevel = 31 } = options;
  const pages = image.present.flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, i) => start + i),
  );
  const maxPfn = Math.max(...pages, ...filtered) + 1;
  const bitmapBytes = Math.ceil(maxPfn / (8 * PAGE)) * PAGE;
  const mine = part === undefined ? pages : pages.filter((pfn) => pfn >= part[0] && pfn < part[1]);
  const notes = noteOf(image.vmcoreinfo ?? '');
  const text = new TextEncoder().encode(image.vmcoreinfo ?? '');
  const info = options.inNote === true ? notes : text;
  const descriptors = 2 * PAGE + 2 * bitmapBytes;
  const infoAt = descriptors + 24 * mine.length;
  const head = new Uint8Array(infoAt + info.length);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('KDUMP   '));
  view.setInt32(8, version, true);
  head.set(new TextEncoder().encode(machine), 12 + 4 * 65);
  view.setUint32(424, status, true);
  view.setInt32(428, PAGE, true);
  view.setInt32(432, 1, true);
  view.setUint32(436, (2 * bitmapBytes) / PAGE, true);
  view.setUint32(440, maxPfn, true);
  view.setInt32(PAGE + 8, dumpLevel, true);
  view.setInt32(PAGE + 12, part === undefined ? 0 : 1, true);
  for (const at of version >= 6 ? [PAGE + 80] : [PAGE + 16]) {
    view.setBigUint64(at, BigInt(part?.[0] ?? 0), true);
    view.setBigUint64(at + 8, BigInt(part?.[1] ?? 0), true);
  }
  if (image.vmcoreinfo !== null) {
    const at = options.inNote === true ? PAGE + 48 : PAGE + 32;
    view.setBigUint64(at, BigInt(infoAt), true);
    view.setBigUint64(at + 8, BigInt(info.length), true);
  }
  view.setBigUint64(PAGE + 96, BigInt(maxPfn), true);
  for (const pfn of [...pages, ...filtered]) setBit(head, 2 * PAGE, pfn);
  for (const pfn of pages) setBit(head, 2 * PAGE + bitmapBytes, pfn);
  head.set(info, infoAt);
  const chunks: Uint8Array[] = [head];
  let at = head.length;
  let zeroAt: readonly [number, number, number] | null = null;
  mine.forEach((pfn, index) => {
    const page = image.page(pfn);
    let place = page === null ? zeroAt : null;
    if (place === null) {
      const codec =
        options.codec === 'mixed' ? (CODECS[index % CODECS.length] ?? 'stored') : (options.codec ?? 'stored');
      const smaller = compressPage(page ?? ZERO, codec);
      // A page that does not get smaller is stored.
      const data = smaller.length < PAGE ? smaller : (page ?? ZERO);
      chunks.push(data);
      place = [at, data.length, data === smaller ? FLAGS[codec] : 0];
      at += data.length;
      if (page === null) zeroAt = place;
    }
    view.setBigUint64(descriptors + 24 * index, BigInt(place[0]), true);
    view.setUint32(descriptors + 24 * index + 8, place[1], true);
    view.setUint32(descriptors + 24 * index + 12, place[2], true);
  });
  return joined(chunks);
}

/** Compresses a page: not well, but so that it is smaller when it is all one byte. */
export function compressPage(page: Uint8Array, codec: keyof typeof FLAGS): Uint8Array {
  switch (codec) {
    case 'stored':
      return page;
    case 'zlib':
      return deflateSync(page, { level: 1 });
    case 'lzo':
      return isSame(page) ? lzoRun(page) : lzoLiterals(page);
    case 'snappy':
      return isSame(page) ? snappyRun(page) : joined([Uint8Array.of(0x80, 0x20, 61 << 2, 0xff, 0x0f), page]);
    case 'zstd': {
      const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f];
      return isSame(page)
        ? Uint8Array.of(...frame, 0x03, 0x80, 0x00, page[0] as number)
        : joined([Uint8Array.of(...frame, 0x01, 0x80, 0x00), page]);
    }
  }
}

const isSame = (page: Uint8Array): boolean => page.every((byte) => byte === page[0]);

/** A literal, then a copy of all that is left from one byte back. */
function lzoRun(page: Uint8Array): Uint8Array {
  const rest = page.length - 4 - 2 - 31;
  const zeros = Math.floor((rest - 1) / 255);
  const length = [0x20, ...new Uint8Array(zeros), rest - 255 * zeros];
  return Uint8Array.of(21, ...page.subarray(0, 4), ...length, 0, 0, 0x11, 0, 0);
}

function lzoLiterals(page: Uint8Array): Uint8Array {
  const rest = page.length - 3 - 15;
  const zeros = Math.floor((rest - 1) / 255);
  return joined([
    Uint8Array.of(0, ...new Uint8Array(zeros), rest - 255 * zeros),
    page,
    Uint8Array.of(0x11, 0, 0),
  ]);
}

function snappyRun(page: Uint8Array): Uint8Array {
  const copies: number[] = [];
  for (let left = page.length - 1; left > 0; left -= 64)
    copies.push(((Math.min(left, 64) - 1) << 2) | 2, 1, 0);
  return Uint8Array.of(0x80, 0x20, 0, page[0] as number, ...copies);
}

function setBit(bytes: Uint8Array, start: number, bit: number): void {
  const at = start + (bit >> 3);
  bytes[at] = (bytes[at] as number) | (1 << (bit & 7));
}

/** A text as the ELF note VMCOREINFO, behind another note. */
export function noteOf(text: string): Uint8Array {
  const note = (name: string, content: Uint8Array): Uint8Array[] => {
    const head = new Uint8Array(12);
    const view = new DataView(head.buffer);
    view.setUint32(0, name.length + 1, true);
    view.setUint32(4, content.length, true);
    return [head, padded(new TextEncoder().encode(`${name}\0`)), padded(content)];
  };
  return joined([...note('CORE', new Uint8Array(7)), ...note('VMCOREINFO', new TextEncoder().encode(text))]);
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

/**
 * Writes a file in the flattened form, in records of `size` bytes; its first record, which is zero at first, once more at
 * the end, unless `once`.
 */
export function flatten(file: Uint8Array, size = 10_000, once = false): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(4096);
  head.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(head.buffer);
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  const chunks: Uint8Array[] = [head];
  const record = (offset: number, bytes: Uint8Array): void => {
    chunks.push(recordHead(BigInt(offset), BigInt(bytes.length)), bytes);
  };
  const first = file.subarray(0, size);
  record(0, once ? first : new Uint8Array(first.length));
  for (let at = size; at < file.length; at += size) record(at, file.subarray(at, at + size));
  if (!once) record(0, first);
  return joined([...chunks, recordHead(-1n, -1n)]);
}

/** The head of a record of the flattened form. */
export function recordHead(offset: bigint, size: bigint): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setBigInt64(0, offset);
  view.setBigInt64(8, size);
  return head;
}

/** Pieces in one array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
