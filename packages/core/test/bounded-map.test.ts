// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap } from '@spte/core';
import { describe, expect, it } from 'vitest';

describe('a bounded map', () => {
  it('forgets all when a key more comes than it may have', () => {
    const map = new BoundedMap<number, string>(2);
    map.set(1, 'a').set(2, 'b');
    expect([...map]).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    map.set(3, 'c');
    expect([...map]).toEqual([[3, 'c']]);
  });

  it('forgets nothing for a key that it has', () => {
    const map = new BoundedMap<number, string>(2);
    map.set(1, 'a').set(2, 'b').set(1, 'c');
    expect([...map]).toEqual([
      [1, 'c'],
      [2, 'b'],
    ]);
  });

  it('says so before, while everything is there', () => {
    const seen: number[][] = [];
    const map: BoundedMap<number, null> = new BoundedMap(2, () => seen.push([...map.keys()]));
    for (const key of [1, 2, 2, 3, 4, 5]) map.set(key, null);
    expect(seen).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});
