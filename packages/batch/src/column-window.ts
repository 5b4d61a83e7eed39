// SPDX-License-Identifier: GPL-2.0-only
import { bytesOf, overlap } from './entries.ts';
import { GROUP } from './memory-layout.ts';

/**
 * A column of the caller's as loops of a kernel see it, a block at a time: where it stands, if that is in the kernel's
 * memory, else by a copy in a column of the block.
 */
export class ColumnWindow {
  readonly #column: Uint8Array;
  readonly #block: Uint8Array;
  readonly #width: number;
  readonly #own: boolean;

  /**
   * @param width bytes of an element
   * @param block the column of the block that takes copies
   * @param apart a column that is read while this one is written: where the two share bytes, this one is copied
   */
  constructor(column: ArrayBufferView, width: number, block: Uint8Array, apart?: ArrayBufferView) {
    this.#column = bytesOf(column);
    this.#block = block;
    this.#width = width;
    this.#own = column.buffer === block.buffer && !(apart !== undefined && overlap(column, apart));
  }

  /** The address of elements that a loop is to read. */
  read(at: number, count: number): number {
    if (!this.#inPlace(count)) this.#block.set(this.#elements(at, count));
    return this.write(at, count);
  }

  /** The address at which a loop is to write elements; then they have to be {@link settle}d. */
  write(at: number, count: number): number {
    return this.#inPlace(count) ? this.#column.byteOffset + this.#width * at : this.#block.byteOffset;
  }

  /** Brings elements that were written to the caller. */
  settle(at: number, count: number): void {
    if (this.#inPlace(count)) return;
    this.#elements(at, count).set(this.#block.subarray(0, this.#width * count));
  }

  /** Loops write whole groups: where the last one is not whole, they would write beyond the column. */
  #inPlace(count: number): boolean {
    return this.#own && count % GROUP === 0;
  }

  #elements(at: number, count: number): Uint8Array {
    return this.#column.subarray(this.#width * at, this.#width * (at + count));
  }
}
