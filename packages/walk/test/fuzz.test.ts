// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { elfTarget } from '../../../bench/fuzz/elf-target.ts';
import { fuzz } from '../../../bench/fuzz/run.ts';

// The first inputs of what `pnpm fuzz` does by the hundred thousand.
describe('an ELF core whose headers lie', () => {
  it('is walked or refused by name, in little time and memory', () => {
    const { inputs, endings, largest } = fuzz(elfTarget, 1, {
      count: 600,
      milliseconds: Number.POSITIVE_INFINITY,
    });
    expect(inputs).toBe(600);
    expect(endings.get('walked, translated')).toBeGreaterThan(200);
    expect(endings.size).toBeGreaterThan(8);
    expect(largest.bytes).toBeLessThan(1 << 26);
  });
});
