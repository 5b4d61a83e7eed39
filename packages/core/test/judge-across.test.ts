// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, judgeAcross, judgeSpte } from '@spte/core';
import { machine, machines } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

const wide = (physBits: number) => createMmu({ ...machines['EPT with A/D'], host: { physBits } });
const [narrow, usual, widest] = [wide(39), wide(46), wide(52)];
const npt = machine('NPT');
const LEAF = 0x600000455299b77n;

describe('an entry that may be of several contexts', () => {
  it('is wrong where it is wrong in all of them, as in the likeliest', () => {
    const bad = LEAF | (1n << 51n);
    const others = [{ name: 'NPT', mmu: npt }];
    const { findings, possible } = judgeAcross(usual, bad, 1, others);
    expect(findings).toEqual(judgeSpte(usual, bad, 1));
    // What else may be an error is listed, and nothing twice.
    const elsewhere = judgeSpte(npt, bad, 1)
      .filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);
    const counted = findings.map(({ code }) => code);
    expect(possible.map(({ finding }) => finding.code)).toEqual(
      elsewhere.filter((code) => !counted.includes(code)),
    );
    expect(possible.every(({ holds }) => holds.includes('NPT'))).toBe(true);
  });

  it('may be wrong where it is in some, each finding once, with those that have it', () => {
    const bad = LEAF | (1n << 40n);
    const others = [
      { name: 'narrow', mmu: narrow },
      { name: 'narrow', mmu: wide(36) },
      { name: 'widest', mmu: widest },
    ];
    const { findings, possible } = judgeAcross(usual, bad, 1, others);
    expect(findings).toEqual([]);
    expect(possible).toMatchObject([
      { finding: { code: 'reserved-bits', bits: [40] }, holds: ['narrow'], not: ['likeliest', 'widest'] },
    ]);
  });

  it('is as in the only context where there is no other', () => {
    expect(judgeAcross(usual, LEAF, 1)).toEqual({ findings: [], possible: [] });
    expect(judgeAcross(narrow, LEAF | (1n << 40n), null).findings).toHaveLength(1);
  });

  it('is a 64-bit word at a level', () => {
    expect(() => judgeAcross(usual, -1n, 1)).toThrow(RangeError);
    expect(() => judgeAcross(usual, 0n, 6)).toThrow(RangeError);
  });
});
