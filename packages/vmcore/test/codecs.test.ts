// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { realMemory } from '@spte/testing/dumps';
import { compressPage } from '@spte/testing/kdump';
import { decodeLzo, decodeSnappy } from '@spte/vmcore';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const PAGE = 4096;
const samples = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/pages.json.gz', import.meta.url))).toString(),
) as Record<'lzo' | 'snappy', [pfn: number, data: string][]>;
const decoders = { lzo: decodeLzo, snappy: decodeSnappy } as const;
const bytes = (...list: number[]) => Uint8Array.from(list);
const text = (decoded: Uint8Array) => String.fromCharCode(...decoded);
const letters = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));

describe.each(['lzo', 'snappy'] as const)('%s', (codec) => {
  it('gives the pages that makedumpfile compressed', () => {
    const { page } = realMemory('svm61-two');
    expect(samples[codec].length).toBeGreaterThan(20);
    for (const [pfn, data] of samples[codec]) {
      expect(decoders[codec](Buffer.from(data, 'base64'), PAGE)).toEqual(
        Uint8Array.from(page(pfn) as Uint8Array),
      );
    }
  });

  it('gives pages that are one byte, or anything', () => {
    const noise = Uint8Array.from({ length: PAGE }, (_, i) => (i * 73) & 255);
    for (const page of [new Uint8Array(PAGE).fill(7), noise]) {
      expect(decoders[codec](compressPage(page, codec), PAGE)).toEqual(page);
    }
  });

  it('refuses what is damaged by a RangeError, and never gives more than was asked for', () => {
    const blocks = samples[codec].map(([, data]) => Buffer.from(data, 'base64'));
    fc.assert(
      fc.property(
        fc.nat(blocks.length - 1),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
        fc.nat(5000),
        (which, changes, length) => {
          const block = Uint8Array.from(blocks[which] as Uint8Array).subarray(0, length);
          for (const [at, byte] of changes) if (at < block.length) block[at] = byte;
          let decoded = 0;
          try {
            decoded = decoders[codec](block, PAGE).length;
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
          }
          expect(decoded).toBeLessThanOrEqual(PAGE);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the instructions of LZO1X', () => {
  const END = [0x11, 0, 0];
  it.each([
    ['a short first run, a copy of two', [18, 0x61, 0x00, 0x00, ...END], 'aaa'],
    [
      'a first run of four, a copy of 3 to 4',
      [21, ...letters('abcd'), 0x40 | (3 << 2), 0, ...END],
      'abcdabc',
    ],
    ['a copy of 5 to 8', [21, ...letters('abcd'), 0x80 | (3 << 2) | 1, 0, 0x78, ...END], 'abcdabcdax'],
    ['a run of three to 18, a copy with a length', [1, ...letters('abcd'), 0x21, 12, 0, ...END], 'abcdabc'],
    ['a long run', [0, 1, ...letters('abcdefghijklmnopqrs'), ...END], 'abcdefghijklmnopqrs'],
  ])('%s', (_, block, expected) => {
    expect(text(decodeLzo(bytes(...block), PAGE))).toBe(expected);
  });

  it('that reach far back', () => {
    const noise = Uint8Array.from({ length: 2100 }, (_, i) => (i * 91) & 255);
    // After a long run a short code is a copy of three from beyond 2 KiB.
    const near = bytes(...compressPage(noise, 'lzo').subarray(0, -3), 0x00, 0x00, ...END);
    expect(decodeLzo(near, PAGE).subarray(2100)).toEqual(noise.subarray(51, 54));
    const wide = Uint8Array.from({ length: 17_000 }, (_, i) => (i * 91) & 255);
    const far = bytes(...compressPage(wide, 'lzo').subarray(0, -3), 0x11, 0x28, 0x00, ...END);
    const distance = 16_384 + 10;
    expect(decodeLzo(far, 20_000).subarray(17_000)).toEqual(
      wide.subarray(17_000 - distance, 17_003 - distance),
    );
  });

  it.each<readonly [string, number[], string, number?]>([
    ['ends early', [], 'LZO: the block ends within an instruction'],
    ['has a run beyond its end', [30, 1], 'LZO: a run is too long'],
    ['has a run beyond the page', [21, ...letters('abcd')], 'LZO: a run is too long', 3],
    ['copies from before the page', [18, 1, 0x00, 0x09], 'LZO: a copy reaches outside the page'],
    ['copies beyond the page', [18, 1, 0x3f, 0, 0], 'LZO: a copy reaches outside the page', 8],
  ])('that are refused: a block that %s', (_, block, message, size = PAGE) => {
    expect(() => decodeLzo(bytes(...block), size)).toThrow(message);
  });
});

describe('the elements of snappy', () => {
  it.each([
    ['literals', [3, 2 << 2, ...letters('abc')], 'abc'],
    ['long literals', [3, 60 << 2, 2, ...letters('abc')], 'abc'],
    ['a copy with a byte of distance', [7, 2 << 2, ...letters('abc'), 0x01, 3], 'abcabca'],
    ['a copy with two', [6, 2 << 2, ...letters('abc'), (2 << 2) | 2, 3, 0], 'abcabc'],
    ['a copy with four', [6, 2 << 2, ...letters('abc'), (2 << 2) | 3, 3, 0, 0, 0], 'abcabc'],
  ])('%s', (_, block, expected) => {
    expect(text(decodeSnappy(bytes(...block), PAGE))).toBe(expected);
  });

  it.each([
    ['ends early', [3, 2 << 2], 'snappy: a run is too long'],
    ['ends within an element', [3], 'snappy: the block ends within an element'],
    ['claims too much', [0x81, 0x20], 'snappy: the block claims 4097 bytes, at most 4096 fit'],
    ['has no size', [255, 255, 255, 255, 255, 255], 'snappy: the size has no end'],
    ['writes too much', [2, 2 << 2, 1, 2, 3], 'snappy: a run is too long'],
    ['copies from before the page', [9, 0, 1, 0x01, 9], 'snappy: a copy reaches outside the page'],
    ['copies from itself', [9, 0, 1, 0x01, 0], 'snappy: a copy reaches outside the page'],
    ['copies beyond the page', [3, 0, 1, 0x01, 1], 'snappy: a copy reaches outside the page'],
  ])('that are refused: a block that %s', (_, block, message) => {
    expect(() => decodeSnappy(bytes(...block), PAGE)).toThrow(message);
  });
});
