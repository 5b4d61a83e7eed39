// SPDX-License-Identifier: GPL-2.0-only
import { type Finding, findingNext, findingText, judgeSpte, makeNonleafSpte } from '@spte/core';
import { machine } from '@spte/testing/machines';
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
    expect(found && findingText(found)).toBe('not present, empty, frozen or MMIO in this kernel');
  });
});

describe('bit 7 is blamed', () => {
  it('beside the address bits of a table that it makes wrong, lowest first', () => {
    const table = makeNonleafSpte(ept, 0x2c583e000n, false);
    expect(judgeSpte(ept, table, 2)).toEqual([]);
    const [found] = judgeSpte(ept, table | (1n << 7n), 2);
    expect(found).toMatchObject({ code: 'reserved-bits', bits: [7, 13, 14, 15, 16, 17] });
    expect(found && findingNext(found)).toBe(
      'bit 7 (page size) is wrong: with it the other way round the entry is clean',
    );
  });
});

it('a gfn beyond the last is found by the bits that made room for the L1TF guard, too', () => {
  const mmu = machine('EPT without A/D, L1TF');
  // Bit 39 of the address stands at bit 44; the machine has 39 bits.
  const guarded = mmu.masks.vmMmioValue | mmu.masks.nonpresentOrRsvd;
  expect(judgeSpte(mmu, guarded | (1n << 38n), 1)).toEqual([]);
  expect(brief(judgeSpte(mmu, guarded | (1n << 44n), 1))).toEqual([['mmio-gfn-too-high', [44]]]);
});
