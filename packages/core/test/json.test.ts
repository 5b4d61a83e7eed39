// SPDX-License-Identifier: GPL-2.0-only
import { toJson } from '@spte/core';
import { describe, expect, it } from 'vitest';

describe('toJson', () => {
  it('turns bigints into hex at any depth, and copies the rest', () => {
    const value = { spte: 0x5a0n, list: [1n, { deep: [null, 'x', true, 2] }] };
    expect(toJson(value)).toEqual({ spte: '0x5a0', list: ['0x1', { deep: [null, 'x', true, 2] }] });
    expect(value.list[0]).toBe(1n);
  });

  it('refuses what contains itself', () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(() => toJson(circle)).toThrow(
      new TypeError('value must not be nested deeper than 1000, as one that contains itself is'),
    );
    let deep: unknown = 1n;
    for (let i = 0; i < 1000; i++) deep = [deep];
    expect(() => toJson(deep)).not.toThrow();
    expect(() => toJson([deep])).toThrow(TypeError);
  });
});
