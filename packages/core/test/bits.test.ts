// SPDX-License-Identifier: GPL-2.0-only
import {
  bit,
  bitNumbers,
  bits,
  field,
  fieldText,
  fieldValue,
  gfnRoundForLevel,
  hasField,
  hex,
  overlappingFields,
  pagesPerHpage,
  spteIndex,
  spteIndexAt,
  u64,
} from '@spte/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const anyU64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const anyBit = fc.integer({ min: 0, max: 63 });

describe('fieldText', () => {
  it('is yes or no for a bit, the name of a value, or hex for one without', () => {
    expect([0n, 8n].map((spte) => fieldText(field('flag', 3, 3, 'kvm', 'a bit'), spte))).toEqual([
      'no',
      'yes',
    ]);
    const kind = field('kind', 5, 4, 'kvm', 'a kind', { values: { 0: 'none', 1: 'one' } });
    expect([0x10n, 0x20n].map((spte) => fieldText(kind, spte))).toEqual(['one', '0x2']);
    expect(fieldText(field('count', 5, 4, 'kvm', 'a count'), 0x30n)).toBe('0x3');
  });
});

describe('bits', () => {
  it('are those from high to low, both included', () => {
    expect(bits(51, 12)).toBe(0xf_ffff_ffff_f000n);
    expect(bits(63, 0)).toBe((1n << 64n) - 1n);
    expect(bits(7, 7)).toBe(0x80n);
  });

  it('are none when high is below low', () => {
    expect(bits(11, 12)).toBe(0n);
    expect(bits(-1, 0)).toBe(0n);
  });

  it('have the numbers that made them', () => {
    fc.assert(
      fc.property(anyBit, anyBit, (high, low) => {
        fc.pre(low <= high);
        expect(bitNumbers(bits(high, low))).toEqual(
          Array.from({ length: high - low + 1 }, (_, i) => low + i),
        );
      }),
    );
  });

  it('add up to the word that they are taken from', () => {
    fc.assert(
      fc.property(anyU64, (word) => {
        expect(bitNumbers(word).reduce((sum, n) => sum | bit(n), 0n)).toBe(word);
      }),
    );
    expect(bitNumbers(0n)).toEqual([]);
  });

  it('wrap at 64 as in C', () => {
    expect(u64(1n << 64n)).toBe(0n);
    expect(u64(-1n)).toBe((1n << 64n) - 1n);
  });

  it('print as lower-case hex', () => {
    expect(hex(0x6000_0045_5299_b77n)).toBe('0x600000455299b77');
    expect(hex(0)).toBe('0x0');
  });
});

describe('levels', () => {
  it('multiply the pages of a huge page by 512', () => {
    expect([1, 2, 3, 4, 5].map(pagesPerHpage)).toEqual([1n, 512n, 512n ** 2n, 512n ** 3n, 512n ** 4n]);
  });

  it('round a gfn down to the start of its page', () => {
    fc.assert(
      fc.property(anyU64, fc.integer({ min: 1, max: 5 }), (gfn, level) => {
        const start = gfnRoundForLevel(gfn, level);
        expect(start % pagesPerHpage(level)).toBe(0n);
        expect(gfn - start).toBeGreaterThanOrEqual(0n);
        expect(gfn - start).toBeLessThan(pagesPerHpage(level));
      }),
    );
  });

  it('take nine bits of an address each', () => {
    const address = (((1n * 512n + 2n) * 512n + 3n) * 512n + 4n) * 4096n + 0xabcn;
    expect([1, 2, 3, 4, 5].map((level) => spteIndexAt(address, level))).toEqual([4, 3, 2, 1, 0]);
  });

  it('number the entries of a table by their own addresses', () => {
    expect([0xffff_8881_2345_6000n, 0xffff_8881_2345_6008n, 0xffff_8881_2345_6ff8n].map(spteIndex)).toEqual([
      0, 1, 511,
    ]);
  });
});

describe('a field', () => {
  const type = field('type', 5, 3, 'hardware', 'memory type', { values: { 6: 'WB' } });
  const size = field('size', 7, 7, 'hardware', 'maps a page', { levels: [2, 5] });

  it('has the mask and the shift of its bits', () => {
    expect(type).toMatchObject({ mask: 0x38n, shift: 3n, high: 5, low: 3, values: { 6: 'WB' } });
    expect(fieldValue(0xfff7n, type)).toBe(6n);
  });

  it('exists at its levels only, and everywhere while the level is not known', () => {
    expect([1, 2, 5, null].map((level) => hasField(size, level))).toEqual([false, true, true, true]);
    expect([1, 5, null].map((level) => hasField(type, level))).toEqual([true, true, true]);
    expect(hasField({ ...size, levels: [1, 1] }, 2)).toBe(false);
  });

  it('overlaps every other that has one of its bits', () => {
    const wide = field('wide', 7, 5, 'kvm', 'overlaps both');
    expect(overlappingFields([type, size])).toEqual([]);
    expect(overlappingFields([type, size, wide])).toEqual([
      [type, wide],
      [size, wide],
    ]);
  });
});
