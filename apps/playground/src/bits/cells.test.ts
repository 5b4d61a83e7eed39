// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { bitAfterKey } from './bit-after-key.ts';
import { bitRanges, bitText, hexDigits } from './bit-ranges.ts';
import { bracketsOf, bracketText } from './brackets.ts';
import { cellsOf } from './cells.ts';
import { inspectorPlace, rowLength } from './room.ts';

const fieldOf = (name: string, mask: bigint, text = ''): DecodedField => ({
  name,
  mask,
  value: 0n,
  owner: name === 'ignored' ? 'none' : 'hardware',
  meaning: '',
  text,
  why: null,
  because: { rule: '', bits: mask, era: '' },
});

const ALL = (1n << 64n) - 1n;

describe('runs of bits', () => {
  it('are listed highest first', () => {
    expect(bitRanges(0x8000_0000_0000_0007n)).toEqual([
      { high: 63, low: 63 },
      { high: 2, low: 0 },
    ]);
    expect(bitText(0x7ff00000000007f8n)).toBe('62:52, 10:3');
    expect(bitText(0n)).toBe('none');
  });

  it('are 16 hex digits, highest first', () => {
    expect(hexDigits(0x5a0n).join('')).toBe('00000000000005a0');
  });
});

describe('the cells of the register', () => {
  const address = 0xffffffffff000n;
  const fields = [fieldOf('address', address, '0x8000000000000'), fieldOf('ignored', ALL & ~address)];
  const cells = cellsOf(1n << 51n, fields, 1n);

  it('know what is set and what is wrong', () => {
    expect(cells.filter(({ set }) => set).map(({ bit }) => bit)).toEqual([51]);
    expect(cells.filter(({ wrong }) => wrong).map(({ bit }) => bit)).toEqual([0]);
  });

  it('have brackets with the values of the fields, in each row that a field goes on in', () => {
    const brackets = [cells.slice(0, 32), cells.slice(32)].flatMap(bracketsOf);
    expect(brackets.map(({ high, low, text }) => [high, low, text])).toEqual([
      [63, 52, 'unused'],
      [51, 32, 'address 0x8000000000000'],
      [31, 12, 'address 0x8000000000000'],
      [11, 0, 'unused'],
    ]);
    expect(brackets.filter(({ wrong }) => wrong).map(({ low }) => low)).toEqual([0]);
  });

  it('say under a bracket what fits', () => {
    const memtype = fieldOf('memtype', 0x38n, 'WB');
    expect([1, 2, 3].map((bits) => bracketText(memtype, bits))).toEqual(['MT', 'MT WB', 'memtype WB']);
    expect(bracketText(fieldOf('secureBit', 1n, 'yes'), 1)).toBe('SE');
    expect(bracketText(fieldOf('reserved', 0xffn, '0x0'), 8)).toBe('must be 0');
  });
});

describe('the room for the register', () => {
  it('is that of 64 bits from 1700 pixels on, of 32 on a laptop, of 16 on a phone', () => {
    expect([1660, 1240, 896, 390, 360].map(rowLength)).toEqual([64, 32, 32, 16, 8]);
    expect([1660, 1240, 896, 390].map(inspectorPlace)).toEqual(['beside-rest', 'beside', 'below', 'below']);
  });
});

describe('the keys in the register', () => {
  it('lead from bit to bit and stay inside', () => {
    const from = (bit: number, perRow: number) =>
      ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'x'].map((key) =>
        bitAfterKey(key, bit, perRow),
      );
    expect(from(63, 32)).toEqual([63, 62, 63, 31, 63, 0, null]);
    expect(from(0, 16)).toEqual([1, 0, 16, 0, 63, 0, null]);
  });
});
