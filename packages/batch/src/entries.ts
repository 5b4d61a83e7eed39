// SPDX-License-Identifier: GPL-2.0-only

/**
 * 64-bit entries: an array of them, or their little-endian bytes as they stand in memory or a file, at any offset.
 */
export type Entries = BigUint64Array | Uint8Array;

const ENTRY_BYTES = 8;
const HALF_BYTES = 4;

/** The bytes of an array, where they stand. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Whether two arrays share bytes. */
export function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const begins = Math.max(a.byteOffset, b.byteOffset);
  const ends = Math.min(a.byteOffset + a.byteLength, b.byteOffset + b.byteLength);
  return a.buffer === b.buffer && begins < ends;
}

/** The halves of entries, low before high, without a copy where their place in the buffer allows it. */
export function halves({ buffer, byteOffset, byteLength }: Entries): Int32Array {
  const aligned = byteOffset % HALF_BYTES === 0;
  return aligned
    ? new Int32Array(buffer, byteOffset, byteLength / HALF_BYTES)
    : new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** Entries as loops read them: by their bytes, or by their halves. */
export class EntryView {
  /** How many there are. */
  readonly length: number;
  readonly bytes: Uint8Array;
  #halves: Int32Array | undefined;

  /** @throws TypeError for anything else than entries; RangeError for bytes that do not make whole ones */
  constructor(entries: Entries) {
    if (!isOf('BigUint64Array', entries) && !isOf('Uint8Array', entries)) {
      throw new TypeError(
        `entries must be a BigUint64Array, or a Uint8Array of bytes; got ${nameOf(entries)}`,
      );
    }
    const { byteLength } = entries;
    if (byteLength % ENTRY_BYTES !== 0) {
      throw new RangeError(`entries must be whole words of 8 bytes, got ${byteLength} bytes`);
    }
    this.length = byteLength / ENTRY_BYTES;
    this.bytes = bytesOf(entries);
  }

  /** Low before high; bytes that do not begin at a multiple of 4 are copied, once. */
  get halves(): Int32Array {
    this.#halves ??= halves(this.bytes);
    return this.#halves;
  }
}

/** Classes of columns. */
type ColumnClass = 'BigUint64Array' | 'Uint32Array' | 'Uint8Array';

/** A subclass, such as Buffer, is of its class too, and so is one of another realm. */
function isOf(name: ColumnClass, column: unknown): boolean {
  return (column as Uint8Array | null | undefined)?.[Symbol.toStringTag] === name;
}

/** What something is, in an error. */
function nameOf(column: unknown): string {
  if (column === null || column === undefined) return String(column);
  const name = (column as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  return name === undefined ? typeof column : `a ${name}`;
}

/** @throws TypeError when a column is none of its class */
export function checkClass(name: string, column: unknown, of: ColumnClass): void {
  if (!isOf(of, column)) throw new TypeError(`${name} must be a ${of}, got ${nameOf(column)}`);
}

/** @throws TypeError, RangeError when a column is none of its class, or does not have one element for each entry */
export function checkColumn(
  name: string,
  column: { readonly length: number },
  of: ColumnClass,
  expected: number,
): void {
  checkClass(name, column, of);
  const { length } = column;
  if (length !== expected) {
    throw new RangeError(`${name} must have ${expected} elements, one for each entry; got ${length}`);
  }
}
