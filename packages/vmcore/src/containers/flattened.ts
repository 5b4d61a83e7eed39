// SPDX-License-Identifier: GPL-2.0-only
import { ImageError } from '../memory/image-error.ts';
import { type PhysicalMemory, readExactly } from '../memory/memory.ts';

/*
 * The flattened form, big endian: a header of 4096 bytes (0 "makedumpfile"  16 type  24 version), then records
 * { 0 offset  8 size  16 data }. An offset and size of -1 end it.
 */
const HEADER_BYTES = 4096;
const RECORD_BYTES = 16;
const END = -1n;

/** Records, at most: a dump of 100 GB has some millions. */
const MAX_RECORDS = 1 << 21;

/** Records that go back in the file: its headers, which are written last. */
const MAX_LAYERS = 64;

/** Offsets below this are exact as numbers, and no file has others. */
const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER);

/** A file put in order. */
export interface FlattenedFile extends PhysicalMemory {
  /** Whether the end marker is missing: the file is cut off. */
  readonly isCutOff: boolean;
}

/** Records in the order of offsets, none of which overlap. */
class Layer {
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  readonly #places: number[] = [];
  end = 0;

  push(offset: number, size: number, place: number): void {
    this.#offsets.push(offset);
    this.#sizes.push(size);
    this.#places.push(place);
    this.end = offset + size;
  }

  /** The first record that ends behind `offset`; a record of no bytes at infinity where there is none. */
  after(offset: number): { start: number; end: number; place: number } {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] as number) + (this.#sizes[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    const start = this.#offsets[low] ?? Number.POSITIVE_INFINITY;
    return { start, end: start + (this.#sizes[low] ?? 0), place: this.#places[low] ?? 0 };
  }
}

/**
 * Puts a file in order that came through a pipe (`makedumpfile -F`, and every kdump of QEMU). Later records win where
 * they overlap; what no record wrote is zero, as `makedumpfile -R` leaves it.
 *
 * @throws ImageError when it is not of this form, or has more records than are possible
 */
export function flattenedFile(file: PhysicalMemory): FlattenedFile {
  if (file.read(0n, HEADER_BYTES) === null) {
    throw new ImageError('the flattened file is cut off in its header');
  }
  const { layers, isCutOff } = readRecords(file);
  const size = layers.reduce((most, { end }) => Math.max(most, end), 0);

  /** Fills bytes from a layer, where it has none from those below it; false where the file is cut off. */
  function fill(into: Uint8Array, start: number, index: number): boolean {
    const layer = layers[index];
    // Of a file that is cut off nobody knows whether it was to be zero.
    if (layer === undefined) return !isCutOff;
    for (let at = start; at < start + into.length; ) {
      const record = layer.after(at);
      const end = Math.min(start + into.length, record.start > at ? record.start : record.end);
      const piece = into.subarray(at - start, end - start);
      if (record.start > at) {
        if (!fill(piece, at, index - 1)) return false;
      } else {
        const bytes = file.read(BigInt(record.place + at - record.start), piece.length);
        if (bytes === null) return false;
        piece.set(bytes);
      }
      at = end;
    }
    return true;
  }

  return {
    isCutOff,
    read(address, length) {
      if (address + BigInt(length) > BigInt(size)) return null;
      const bytes = new Uint8Array(length);
      return fill(bytes, Number(address), layers.length - 1) ? bytes : null;
    },
  };
}

function readRecords(file: PhysicalMemory): { layers: Layer[]; isCutOff: boolean } {
  const layers = [new Layer()];
  let at = BigInt(HEADER_BYTES);
  for (let count = 0; ; count++) {
    const record = readExactly(file, at, RECORD_BYTES);
    if (record === null) return { layers, isCutOff: true };
    const offset = record.getBigInt64(0);
    const size = record.getBigInt64(8);
    if (offset === END && size === END) return { layers, isCutOff: false };
    if (offset < 0n || size <= 0n || offset + size > MAX_OFFSET || at + size > MAX_OFFSET) {
      throw new ImageError(
        `record ${count} of the flattened file claims ${size} bytes at offset ${offset}: it is damaged`,
      );
    }
    if (count === MAX_RECORDS) {
      throw new ImageError(
        `the flattened file has more than ${MAX_RECORDS} records: put it in order with \`makedumpfile -R OUT < IN\``,
      );
    }
    place(layers, Number(offset), Number(size), Number(at) + RECORD_BYTES);
    at += BigInt(RECORD_BYTES) + size;
  }
}

/** Puts a record into the last layer, or into one above it when it goes back. */
function place(layers: Layer[], offset: number, size: number, at: number): void {
  let top = layers.at(-1) as Layer;
  if (offset < top.end) {
    if (layers.length === MAX_LAYERS) {
      throw new ImageError(`the flattened file goes back more than ${MAX_LAYERS} times: it is damaged`);
    }
    top = new Layer();
    layers.push(top);
  }
  top.push(offset, size, at);
}
