// SPDX-License-Identifier: GPL-2.0-only

/** A class of typed arrays: `Uint8Array`, `BigUint64Array` and so on. */
export interface ArrayClass<Items> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Items;
}

/** What an arena has of a buffer. */
export interface ArenaOptions {
  /** Where it begins, in bytes, a multiple of 16; 0 when absent. */
  readonly start?: number;
  /** Where it ends, in bytes; where the buffer ends when absent. */
  readonly end?: number;
  /** Bytes that stay free after each part: what a loop may read or write beyond the end of one. 0 when absent. */
  readonly slack?: number;
}

const ALIGNMENT = 16;

/**
 * Part of a buffer, given out piece by piece and never taken back. Addresses are offsets in the buffer, as a module
 * sees them whose memory it is; numbers are little-endian.
 */
export class Arena {
  /** The whole buffer, as are {@link view} and {@link bytes}. */
  readonly buffer: ArrayBuffer;
  readonly view: DataView<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  readonly #slack: number;
  #next: number;

  /** @param buffer zeroed in the part that the arena has */
  constructor(buffer: ArrayBuffer, { start = 0, end = buffer.byteLength, slack = 0 }: ArenaOptions = {}) {
    this.buffer = buffer;
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#next = start;
    this.#end = end;
    this.#slack = slack;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#next;
  }

  /** Whether there is room for this number of bytes. */
  fits(byteLength: number): boolean {
    return byteLength + this.#slack <= this.left;
  }

  /**
   * Takes bytes, zeroed.
   *
   * @returns their address, a multiple of 16
   * @throws RangeError when there is no room
   */
  take(byteLength: number): number {
    if (!this.fits(byteLength)) {
      throw new RangeError(`no room for ${byteLength} bytes: ${this.left} bytes of the room are left`);
    }
    const at = this.#next;
    const end = Math.ceil((at + byteLength + this.#slack) / ALIGNMENT) * ALIGNMENT;
    this.#next = Math.min(end, this.#end);
    return at;
  }

  /**
   * Takes an array, zeroed.
   *
   * @throws RangeError when there is no room
   */
  array<Items>(of: ArrayClass<Items>, length: number): Items {
    return new of(this.buffer, this.take(of.BYTES_PER_ELEMENT * length), length);
  }

  /**
   * Takes a record and fills in some of its 32-bit numbers.
   *
   * @param fields numbers by their offsets in the record
   * @returns its address
   * @throws RangeError when there is no room
   */
  record(byteLength: number, fields: Readonly<Record<number, number>>): number {
    const at = this.take(byteLength);
    this.put(at, fields);
    return at;
  }

  /**
   * Takes a row of 32-bit numbers.
   *
   * @returns its address
   * @throws RangeError when there is no room
   */
  words(values: readonly number[]): number {
    const at = this.take(4 * values.length);
    for (const [i, value] of values.entries()) this.set(at + 4 * i, value);
    return at;
  }

  /**
   * Takes a text, a byte for each character.
   *
   * @param text ASCII
   * @returns its address
   * @throws RangeError when there is no room
   */
  text(text: string): number {
    const at = this.take(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
    return at;
  }

  /**
   * Takes a copy of bytes.
   *
   * @returns its address
   * @throws RangeError when there is no room
   */
  copy(bytes: Uint8Array): number {
    const at = this.take(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  /** The unsigned 32-bit number at an address. */
  get(address: number): number {
    return this.view.getUint32(address, true);
  }

  /** Writes the 32-bit number at an address. */
  set(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  /** Writes 32-bit numbers of the record at an address, by their offsets in it. */
  put(address: number, fields: Readonly<Record<number, number>>): void {
    for (const [offset, value] of Object.entries(fields)) this.set(address + Number(offset), value);
  }
}

/** An array in an arena, zeroed; in a buffer of its own where there is no arena, or no room in it. */
export function arrayIn<Items>(arena: Arena | null, of: ArrayClass<Items>, length: number): Items {
  const byteLength = of.BYTES_PER_ELEMENT * length;
  return arena?.fits(byteLength) === true
    ? arena.array(of, length)
    : new of(new ArrayBuffer(byteLength), 0, length);
}
