// SPDX-License-Identifier: GPL-2.0-only
import type { DecodedField } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { bitRanges, bitText, hexDigits } from './bit-ranges.ts';
import { cellsOf, labelOf } from './cells.ts';
import { fieldStyle } from './field-style.ts';

const fieldOf = (name: string, mask: bigint): DecodedField => ({
  name,
  mask,
  value: 0n,
  owner: 'hardware',
  meaning: '',
  text: '',
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

describe('the cells of the ruler', () => {
  const address = 0xffffffffff000n;
  const cells = cellsOf(1n << 51n, [fieldOf('address', address), fieldOf('ignored', ALL & ~address)], 1n);

  it('name a field at its first bit and at the first of each row that it goes on in', () => {
    const labels = cells.filter(({ label }) => label !== null).map(({ bit, label }) => [bit, label?.upTo]);
    expect(labels).toEqual([
      [51, null],
      [47, 16],
      [39, 8],
      [31, 32],
      [23, 8],
      [15, 16],
    ]);
  });

  it('know what is set and what is wrong', () => {
    expect(cells.filter(({ set }) => set).map(({ bit }) => bit)).toEqual([51]);
    expect(cells.filter(({ wrong }) => wrong).map(({ bit }) => bit)).toEqual([0]);
  });

  it('use the short name of a field where there is room for few bits', () => {
    expect(labelOf('mmuWritable', 1)).toBe('MW');
    expect(labelOf('memtype', 3)).toBe('memtype');
  });

  it('have a colour for the field of a plugin that is not known', () => {
    expect(fieldStyle('secureBit')).toEqual({ family: 'shape', short: 'SE' });
  });
});
