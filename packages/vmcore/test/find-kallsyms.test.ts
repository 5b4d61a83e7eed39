// SPDX-License-Identifier: GPL-2.0-only
import { Kallsyms, KernelError, type KernelMemory } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';
import { findKallsyms, longestMarkers, namesBefore, tokenTables } from '../src/kernel/find-kallsyms.ts';

/** Tokens as the kernel has them, each `lengths` bytes long but for those that stand for themselves. */
function tokens({ padding = 0, first = 'zz', index = true } = {}): Uint8Array<ArrayBuffer> {
  const texts = Array.from({ length: 256 }, (_, token) =>
    token === 0 ? first : token >= 0x30 && token <= 0x39 ? String.fromCharCode(token) : 'ab',
  );
  const bytes = new TextEncoder().encode(texts.map((text) => `${text}\0`).join(''));
  const start = 16;
  const at = start + bytes.length + (bytes.length & 1) + padding;
  const file = new Uint8Array(at + 512);
  file.fill(0x7e, 0, start);
  file.set(bytes, start);
  const view = new DataView(file.buffer);
  let offset = 0;
  for (const [token, text] of texts.entries()) {
    if (index) view.setUint16(at + 2 * token, offset, true);
    offset += text.length + 1;
  }
  return file;
}

describe('the tokens of kallsyms', () => {
  it('are told by their digits and their index', () => {
    expect([...tokenTables(tokens())]).toEqual([{ start: 16, index: 16 + 3 * 256 - 10 }]);
    expect([...tokenTables(tokens({ padding: 8 }))]).toHaveLength(1);
  });

  it.each([
    ['without an index', tokens({ index: false })],
    ['with one that is too far', tokens({ padding: 80 })],
    ['whose first is too long', tokens({ first: 'z'.repeat(80) })],
    ['that are cut off', tokens().subarray(0, 300)],
    ['whose index is cut off', tokens().slice(0, -2)],
    ['before which there are too few', tokens().subarray(150)],
    [
      'of which there are digits only',
      new TextEncoder().encode('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0'),
    ],
    ['that are none', new Uint8Array(100).fill(0x30)],
  ])('are not those %s', (_, bytes) => {
    expect([...tokenTables(bytes.slice())]).toEqual([]);
  });
});

describe('the markers of kallsyms', () => {
  const words = (...list: readonly number[]) => new DataView(Uint32Array.from(list).buffer);
  const run = (count: number) => Array.from({ length: count }, (_, i) => i * 0x1000);

  it('are the longest run of words that rises', () => {
    expect(longestMarkers(words(7, ...run(20), 0, ...run(30), 5))).toEqual({ at: 88, count: 30 });
    expect(longestMarkers(words(...run(20), ...run(18)))).toEqual({ at: 0, count: 20 });
    expect(longestMarkers(words(7, ...run(15)))).toBeNull();
    expect(longestMarkers(words(0, 0, 0))).toBeNull();
  });

  it('have names before them, or not', () => {
    // Names of one to five bytes, but for the first, so that no other place looks the same.
    const starts: number[] = [];
    const names: number[] = [];
    for (let i = 0; i < 256 * 4 + 7; i++) {
      starts.push(names.length);
      const length = i === 0 ? 40 : 1 + ((i * i) % 5);
      names.push(length, ...new Uint8Array(length).fill(9));
    }
    while (names.length % 4 > 0) names.push(0);
    const file = new Uint8Array(16 + names.length + 5 * 4);
    file.set(names, 16);
    const view = new DataView(file.buffer);
    const at = 16 + names.length;
    for (let i = 0; i < 5; i++) view.setUint32(at + 4 * i, starts[256 * i] as number, true);
    expect(namesBefore(view, { at, count: 5 }, false)).toBe(16);
    const third = 16 + (starts[4] as number);
    file[third] = 9;
    expect(namesBefore(view, { at, count: 5 }, false)).toBeNull();
    // Two bytes of length, where those are possible: the fifth name has a byte and one more.
    file[third] = 0x81;
    file[third + 1] = 0;
    expect(namesBefore(view, { at, count: 5 }, true)).toBe(16);
  });
});

/** Memory that is the same bytes over and over. */
const filled = (window: Uint8Array): KernelMemory =>
  ({
    read: (_: bigint, length: number) => {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += window.length) bytes.set(window.subarray(0, length - at), at);
      return bytes;
    },
    word: () => 0n,
    u64: () => 0n,
    text: () => 'a',
  }) as unknown as KernelMemory;

describe('kallsyms', () => {
  it('are not found in memory of tokens only', () => {
    const page = new Uint8Array(4096);
    page.set(tokens());
    const found = findKallsyms(filled(page), 0xffff_ffff_8100_0000n, true);
    expect(found.next().done).toBe(true);
  });

  it('without an end are refused', () => {
    const memory = filled(new Uint8Array(4096).fill(0xff));
    const tables = {
      count: 1 << 20,
      names: 0n,
      tokenTable: 0n,
      tokenIndex: 0n,
      offsets: 0n,
      relativeBase: null,
      hasLongNames: true,
    };
    expect(() => new Kallsyms(memory, tables, 0n)).toThrow(
      new KernelError('the names of kallsyms have no end'),
    );
    expect(() => new Kallsyms(memory, { ...tables, count: 1 << 23 }, 0n)).toThrow(
      'kallsyms claims 8388608 symbols',
    );
  });
});
