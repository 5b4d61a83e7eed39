// SPDX-License-Identifier: GPL-2.0-only

/*
 * Elements of a snappy block, after the decoded size as a varint (seven bits a byte, the lowest first).
 *
 *   LLLLLL00   L + 1 literals; from 60 on, L - 59 bytes of length follow
 *   DDDLLL01   copy L + 4 bytes; a byte of distance follows
 *   LLLLLL10   copy L + 1 bytes; two bytes of distance follow
 *   LLLLLL11   copy L + 1 bytes; four bytes of distance follow
 */

const LONG_LITERAL = 60;

/**
 * Decompresses a raw snappy block, as makedumpfile writes pages with `-p`.
 *
 * @param size bytes that come out, at most
 * @throws RangeError when the block is damaged
 */
export function decodeSnappy(input: Uint8Array, size: number): Uint8Array {
  let from = 0;
  let to = 0;
  const number = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (input[from++] ?? Number.NaN) * 2 ** (8 * i);
    if (Number.isNaN(value)) throw new RangeError('snappy: the block ends within an element');
    return value;
  };
  const length = decodedSize();
  if (length > size) throw new RangeError(`snappy: the block claims ${length} bytes, at most ${size} fit`);
  const output = new Uint8Array(length);
  while (to < length) {
    const tag = number(1);
    const top = tag >> 2;
    if ((tag & 3) === 0) literals(top < LONG_LITERAL ? top + 1 : number(top - LONG_LITERAL + 1) + 1);
    else if ((tag & 3) === 1) copy(((tag >> 5) << 8) + number(1), (top & 7) + 4);
    else copy(number((tag & 3) === 2 ? 2 : 4), top + 1);
  }
  return output;

  function decodedSize(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = number(1);
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('snappy: the size has no end');
  }

  function literals(count: number): void {
    if (from + count > input.length || to + count > length) throw new RangeError('snappy: a run is too long');
    output.set(input.subarray(from, from + count), to);
    from += count;
    to += count;
  }

  function copy(distance: number, count: number): void {
    if (distance === 0 || distance > to || to + count > length) {
      throw new RangeError('snappy: a copy reaches outside the page');
    }
    for (const end = to + count; to < end; to++) output[to] = output[to - distance] as number;
  }
}
