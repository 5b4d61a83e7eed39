// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { parseDecimal, parseHex } from './parse.ts';

describe('parseHex', () => {
  it('takes hex with or without 0x, in either case, with spaces and underscores', () => {
    for (const typed of ['0x600000455299b77', '600000455299B77', ' 0X0600_0004_5529_9b77 ']) {
      expect(parseHex(typed)).toEqual({ ok: true, value: 0x600000455299b77n });
    }
  });

  it.each([
    ['', 'is empty'],
    ['0x', 'not hex'],
    ['0xfz', 'not hex'],
    ['-1', 'not hex'],
    ['f'.repeat(100), 'too long'],
  ])('says what is wrong with %j', (typed, problem) => {
    expect(parseHex(typed)).toEqual({ ok: false, error: containing(problem) });
  });
});

describe('parseDecimal', () => {
  it('takes digits only', () => {
    expect(parseDecimal(' 46 ')).toEqual({ ok: true, value: 46 });
    for (const typed of ['', '4.5', '0x2e', '-1', '1e3']) expect(parseDecimal(typed).ok).toBe(false);
  });
});
