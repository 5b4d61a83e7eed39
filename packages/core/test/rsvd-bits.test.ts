// SPDX-License-Identifier: GPL-2.0-only
import {
  bitNumbers,
  getRsvdBits,
  isBadMtXwr,
  isRsvdSpte,
  NO_RSVD_BITS,
  resetRsvdsBitsMask,
  resetRsvdsBitsMaskEpt,
  rsvdBits,
} from '@spte/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const anyBit = fc.integer({ min: 0, max: 63 });
const anyU64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const anyLevel = fc.integer({ min: 1, max: 5 });
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('rsvdBits', () => {
  it('are the bits from s to e, both included', () => {
    fc.assert(
      fc.property(anyBit, anyBit, (s, e) => {
        expect(bitNumbers(rsvdBits(s, e))).toEqual(e < s ? [] : range(s, e));
      }),
    );
  });

  it('join where one range ends and the next begins', () => {
    fc.assert(
      fc.property(anyBit, anyBit, fc.integer({ min: 0, max: 62 }), (a, b, middle) => {
        const [s, e] = [Math.min(a, middle), Math.max(b, middle + 1)];
        expect(rsvdBits(s, middle) | rsvdBits(middle + 1, e)).toBe(rsvdBits(s, e));
        expect(rsvdBits(s, middle) & rsvdBits(middle + 1, e)).toBe(0n);
      }),
    );
  });

  it('look at six bits of the end only', () => {
    fc.assert(
      fc.property(anyBit, anyBit, fc.integer({ min: -1000, max: 1000 }), (s, e, turns) => {
        expect(rsvdBits(s, e + 64 * turns)).toBe(rsvdBits(s, e));
      }),
    );
    expect(rsvdBits(52, -1)).toBe(rsvdBits(52, 63));
  });

  it.each([
    [64, 'must be an integer within 0..63, got 64'],
    [-1, 'must be an integer within 0..63, got -1'],
    [0.5, 'must be an integer within 0..63, got 0.5'],
  ])('have no start at %d', (s, message) => {
    expect(() => rsvdBits(s, 63)).toThrow(RangeError);
    expect(() => rsvdBits(s, 63)).toThrow(`s ${message}`);
  });

  it('have a whole number for an end', () => {
    expect(() => rsvdBits(0, Number.NaN)).toThrow(/^e must be an integer .*, got NaN/);
  });
});

describe('reserved bits of EPT entries', () => {
  const table = resetRsvdsBitsMaskEpt({ paBitsRsvd: rsvdBits(46, 63), execOnly: false, hugePageLevel: 3 });

  it('begin at the width of physical addresses and end at bit 51', () => {
    for (const mask of [...table.bit7Clear, ...table.bit7Set]) {
      expect(mask & rsvdBits(52, 63)).toBe(0n);
      expect(mask & rsvdBits(46, 51)).toBe(rsvdBits(46, 51));
    }
  });

  it('are the low address bits of a huge page, and bits 6:3 of a table', () => {
    const low = (masks: readonly bigint[]): string[] =>
      masks.map((mask) => (mask & rsvdBits(0, 45)).toString(16));
    expect(low(table.bit7Clear)).toEqual(['0', '78', '78', 'f8', 'f8']);
    expect(low(table.bit7Set)).toEqual(['0', '1ff000', '3ffff000', 'f8', 'f8']);
  });

  it.each([
    [1, [2, 3]],
    [2, [3]],
    [3, []],
  ])('include bit 7 above level %i', (hugePageLevel, levels) => {
    const { bit7Set } = resetRsvdsBitsMaskEpt({ paBitsRsvd: 0n, execOnly: true, hugePageLevel });
    expect([2, 3].filter((level) => (((bit7Set[level - 1] ?? 0n) >> 7n) & 1n) === 1n)).toEqual(levels);
  });

  it('are in the bitmap of the bad combinations', () => {
    const execOnly = resetRsvdsBitsMaskEpt({ paBitsRsvd: 0n, execOnly: true, hugePageLevel: 3 });
    expect(execOnly.badMtXwr).toBe(0xff44_4444_ffff_4444n);
    expect(table.badMtXwr).toBe(0xff54_5454_ffff_5454n);
    expect(isBadMtXwr(table, 0b110_100n)).toBe(true);
    expect(isBadMtXwr(execOnly, 0b110_100n)).toBe(false);
  });
});

describe('reserved bits of legacy entries', () => {
  const input = { paBitsRsvd: rsvdBits(40, 63), level: 4, nx: true, gbpages: true, pse: false, amd: false };

  it('include bit 63 only while NX is off', () => {
    const top = (nx: boolean): boolean[] =>
      resetRsvdsBitsMask({ ...input, nx })
        .bit7Clear.slice(0, 4)
        .map((mask) => mask >> 63n === 1n);
    expect(top(true)).toEqual([false, false, false, false]);
    expect(top(false)).toEqual([true, true, true, true]);
  });

  it('include bit 8 of upper levels on AMD', () => {
    const bit8 = (amd: boolean): number[] =>
      range(1, 5).filter(
        (level) =>
          ((getRsvdBits(resetRsvdsBitsMask({ ...input, level: 5, amd }), 0n, level) >> 8n) & 1n) === 1n,
      );
    expect(bit8(true)).toEqual([4, 5]);
    expect(bit8(false)).toEqual([]);
  });

  it('include bit 7 of level 3 without 1G pages', () => {
    const { bit7Set } = resetRsvdsBitsMask({ ...input, gbpages: false });
    expect(((bit7Set[2] ?? 0n) >> 7n) & 1n).toBe(1n);
  });

  it('include all of 62:52 in PAE', () => {
    const { bit7Clear } = resetRsvdsBitsMask({ ...input, level: 3 });
    expect((bit7Clear[0] ?? 0n) & rsvdBits(52, 62)).toBe(rsvdBits(52, 62));
  });

  it('are 21:17 of a 4M page with 32-bit paging, if there are 4M pages', () => {
    expect(resetRsvdsBitsMask({ ...input, level: 2, pse: true }).bit7Set[1]).toBe(rsvdBits(17, 21));
    expect(resetRsvdsBitsMask({ ...input, level: 2 })).toEqual(NO_RSVD_BITS);
  });
});

describe('an entry', () => {
  it('has reserved bits or a bad combination if and only if one of both tests finds them', () => {
    const table = resetRsvdsBitsMaskEpt({ paBitsRsvd: rsvdBits(39, 63), execOnly: false, hugePageLevel: 2 });
    fc.assert(
      fc.property(anyU64, anyLevel, (spte, level) => {
        const row = (spte & 0x80n) === 0n ? table.bit7Clear : table.bit7Set;
        expect(getRsvdBits(table, spte, level)).toBe(row[level - 1]);
        const reserved = (spte & (row[level - 1] ?? 0n)) !== 0n;
        expect(isRsvdSpte(table, spte, level)).toBe(reserved || isBadMtXwr(table, spte));
      }),
    );
  });

  it('has none where nothing is reserved', () => {
    fc.assert(
      fc.property(anyU64, anyLevel, (spte, level) => {
        expect(isRsvdSpte(NO_RSVD_BITS, spte, level)).toBe(false);
      }),
    );
  });
});
