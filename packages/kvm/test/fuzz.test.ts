// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { kvmTarget } from '../../../bench/fuzz/kvm-target.ts';
import { fuzz } from '../../../bench/fuzz/run.ts';

// The first inputs of what `pnpm fuzz` does by the thousand.
describe('a host whose memory is not what it was', () => {
  it('is read as far as it goes, in little memory', { timeout: 120_000 }, () => {
    const { inputs, endings, largest } = fuzz(kvmTarget, 1, { count: 12, milliseconds: 60_000 });
    expect(inputs).toBeGreaterThan(0);
    expect([...endings.keys()].every((ending) => /^(no kernel found|\d+ VMs, )/.test(ending))).toBe(true);
    expect(largest.bytes).toBeLessThan(1 << 28);
  });
});
