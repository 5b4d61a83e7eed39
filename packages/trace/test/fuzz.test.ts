// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { datTarget } from '../../../bench/fuzz/dat-target.ts';
import { fuzz } from '../../../bench/fuzz/run.ts';
import { textTarget } from '../../../bench/fuzz/text-target.ts';

// The first inputs of what `pnpm fuzz` does by the million.
describe('broken input', () => {
  it('to the reader of trace.dat is read or refused by name, in little time and memory', () => {
    const { inputs, endings, largest } = fuzz(datTarget, 1, {
      count: 2500,
      milliseconds: Number.POSITIVE_INFINITY,
    });
    expect(inputs).toBe(2500);
    // The files are broken, but not so that nothing of the reader is tried.
    expect(endings.get('read, with records')).toBeGreaterThan(500);
    expect(endings.size).toBeGreaterThan(15);
    expect(largest.bytes).toBeLessThan(1 << 26);
  });

  it('to the reader of text comes back as it was, whole or in pieces', () => {
    const { count, largest } = fuzz(textTarget, 1, { count: 10_000, milliseconds: Number.POSITIVE_INFINITY });
    expect(count).toBeGreaterThanOrEqual(10_000);
    expect(largest.bytes).toBeLessThan(1 << 26);
  });
});
