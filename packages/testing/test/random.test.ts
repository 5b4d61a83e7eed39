// SPDX-License-Identifier: GPL-2.0-only
import { random } from '@spte/testing/random';
import { describe, expect, it } from 'vitest';

const first = (seed: number, count: number): number[] => {
  const { u32 } = random(seed);
  return Array.from({ length: count }, () => u32());
};

describe('random', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(first(7, 50)).toEqual(first(7, 50));
    expect(first(7, 50)).not.toEqual(first(8, 50));
  });

  it('gives whole numbers of 32 and 64 bits, each bit about as often as not', () => {
    const { u64 } = random(1);
    const words = Array.from({ length: 2000 }, () => u64());
    for (let bit = 0n; bit < 64n; bit++) {
      const set = words.filter((word) => ((word >> bit) & 1n) !== 0n).length;
      expect(set).toBeGreaterThan(800);
      expect(set).toBeLessThan(1200);
    }
    expect(words.every((word) => BigInt.asUintN(64, word) === word)).toBe(true);
    expect(first(1, 2000).every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true);
  });

  it('chooses below a limit, and every choice comes', () => {
    const { below, pick, oneIn } = random(3);
    expect(new Set(Array.from({ length: 200 }, () => below(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(new Set(Array.from({ length: 50 }, () => pick(['a', 'b'])))).toEqual(new Set(['a', 'b']));
    expect(Array.from({ length: 20 }, () => oneIn(1))).not.toContain(false);
    expect(Array.from({ length: 200 }, () => oneIn(4)).filter(Boolean).length).toBeLessThan(100);
  });
});
