// SPDX-License-Identifier: GPL-2.0-only
import { type Finding, judgeSpte } from '@spte/core';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);
const LEAF = 0x61000034d4fe877n;
const MMU_PRESENT = 1n << 11n;
const MMU_WRITABLE = 1n << 58n;

const brief = (found: readonly Finding[]): [string, readonly number[]][] =>
  found.map(({ code, bits }) => [code, bits]);

describe('a single bit is blamed', () => {
  it('for an entry of no kind that is clean with the MMU-present bit', () => {
    expect(judgeSpte(ept, LEAF, 1)).toEqual([]);
    expect(brief(judgeSpte(ept, LEAF & ~MMU_PRESENT, 1))).toEqual([['not-an-spte', [11]]]);
  });

  it('but not where something else would be wrong with it', () => {
    const [found, ...others] = judgeSpte(ept, LEAF & ~MMU_PRESENT & ~MMU_WRITABLE, 1);
    expect(others).toEqual([]);
    expect(found?.bits.length).toBeGreaterThan(1);
    expect(found?.bits).not.toContain(11);
    expect(found?.text).toBe('not present, empty, frozen or MMIO in this kernel');
  });
});
