// SPDX-License-Identifier: GPL-2.0-only

/*
 * Instructions of an LZO1X stream. H and D are a distance, L a length, S the number of literals that follow the copy.
 *
 *   0000LLLL   in state 0: L + 3 literals, L = 0: more length bytes follow
 *   0000DDSS   in state 1 to 3: copy 2 bytes; in state 4: copy 3 bytes, from further back
 *   0001HLLL   copy L + 2 bytes from 16384 and further back; a distance of 0 ends the stream
 *   001LLLLL   copy L + 2 bytes
 *   01LDDDSS   copy L + 3 bytes
 *   1LLDDDSS   copy L + 5 bytes
 *
 * The state is the number of literals that came last, 4 after a long run.
 */

const FIRST_RUN = 17;
const NEAR = 2048;
const FAR = 16384;

/**
 * Decompresses an LZO1X block, as makedumpfile writes pages with `-l`.
 *
 * @param size bytes that come out, at most
 * @throws RangeError when the block is damaged
 */
export function decodeLzo(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let from = 0;
  let to = 0;
  let state = 0;
  const next = (): number => {
    const byte = input[from++];
    if (byte === undefined) throw new RangeError('LZO: the block ends within an instruction');
    return byte;
  };
  const longLength = (start: number): number => {
    let length = start;
    let byte = next();
    for (; byte === 0; byte = next()) length += 255;
    return length + byte;
  };
  const literals = (count: number): void => {
    if (from + count > input.length || to + count > size) throw new RangeError('LZO: a run is too long');
    output.set(input.subarray(from, from + count), to);
    from += count;
    to += count;
  };
  const copy = (distance: number, count: number): void => {
    if (distance > to || to + count > size) throw new RangeError('LZO: a copy reaches outside the page');
    for (const end = to + count; to < end; to++) output[to] = output[to - distance] as number;
  };
  const first = input[0] ?? 0;
  if (first > FIRST_RUN) {
    from++;
    literals(first - FIRST_RUN);
    state = Math.min(first - FIRST_RUN, 4);
  }
  for (;;) {
    const code = next();
    if (code < 16 && state === 0) {
      literals(code === 0 ? longLength(15) + 3 : code + 3);
      state = 4;
      continue;
    }
    let tail = code & 3;
    if (code < 16) {
      const distance = (next() << 2) + (code >> 2) + 1;
      if (state === 4) copy(distance + NEAR, 3);
      else copy(distance, 2);
    } else if (code < 64) {
      const lengthBits = code < 32 ? 7 : 31;
      const length = (code & lengthBits) === 0 ? longLength(lengthBits) : code & lengthBits;
      const word = next() | (next() << 8);
      tail = word & 3;
      if (code >= 32) copy((word >> 2) + 1, length + 2);
      else {
        const distance = ((code & 8) << 11) + (word >> 2);
        if (distance === 0) return output.subarray(0, to);
        copy(distance + FAR, length + 2);
      }
    } else {
      const length = code < 128 ? ((code >> 5) & 1) + 3 : ((code >> 5) & 3) + 5;
      copy((next() << 3) + ((code >> 2) & 7) + 1, length);
    }
    literals(tail);
    state = tail;
  }
}
