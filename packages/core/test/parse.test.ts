// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, parseDecimal, parseHex } from '../src/index.ts';

describe('parseHex', () => {
  it('takes hex with or without 0x, in either case, with spaces and underscores', () => {
    for (const typed of [
      '0x600000455299b77',
      '600000455299B77',
      ' 0X0600_0004_5529_9b77 ',
      '6000004 55299b77',
    ]) {
      expect(parseHex(typed)).toBe(0x600000455299b77n);
    }
  });

  it('reads what hex() prints, whatever its size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 200n }), (value) => {
        expect(parseHex(hex(value))).toBe(value);
      }),
    );
  });

  it.each(['', ' ', '_', '0x', 'x', '0xfz', '-1', '0x0x1', '1.0'])('knows that %j is not hex', (typed) => {
    expect(parseHex(typed)).toBeNull();
  });
});

describe('parseDecimal', () => {
  it.each([
    ['46', 46],
    [' 007 ', 7],
    ['999999999', 999_999_999],
  ])('takes digits, such as %j', (typed, value) => {
    expect(parseDecimal(typed)).toBe(value);
  });

  it.each(['', ' ', '4.5', '0x2e', '-1', '1e3', '4 6', '1000000000'])(
    'knows that %j is not a decimal number that it takes',
    (typed) => {
      expect(parseDecimal(typed)).toBeNull();
    },
  );
});
