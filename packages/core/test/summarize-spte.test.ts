// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, judgeSpte, outlineSpte, spteKind, summarizeSpte } from '@spte/core';
import { anyEra, anyLevel, anyU64 } from '@spte/testing/arbitraries';
import { machine } from '@spte/testing/machines';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it('a summary has what decoding and judging find, for any value in any context', () => {
  fc.assert(
    fc.property(anyEra, anyU64, fc.option(anyLevel), (mmu, spte, level) => {
      const { kind, mapping, mmio } = decodeSpte(mmu, spte, level);
      const outline = {
        pfn: mapping?.pfn ?? null,
        access: mapping?.access ?? null,
        memtype: mapping?.memtype ?? null,
        gfn: mmio?.gfn ?? null,
        generation: mmio?.generation ?? null,
      };
      expect(summarizeSpte(mmu, spte, level)).toEqual({
        kind,
        ...outline,
        findings: judgeSpte(mmu, spte, level),
      });
      expect(outlineSpte(mmu, spte, kind)).toEqual(outline);
    }),
    { numRuns: sampled(100, 300) },
  );
});

it('a summary needs no level', () => {
  const mmu = machine('EPT with A/D');
  expect(summarizeSpte(mmu, 0xfee0000en)).toMatchObject({ kind: 'mmio', pfn: null, gfn: 0xfee00n });
  expect(summarizeSpte(mmu, 0x600000455299b77n)).toMatchObject({
    kind: 'leaf',
    pfn: 0x455299n,
    memtype: 'WB',
  });
  expect(spteKind(mmu, 0x2c583e907n, null)).toBe('table');
  expect(outlineSpte(mmu, 0x2c583e907n, 'table')).toMatchObject({ pfn: 0x2c583en, memtype: null });
});

it('a summary is of a 64-bit word at a level that there is', () => {
  const mmu = machine('NPT');
  expect(() => summarizeSpte(mmu, -1n, 1)).toThrow(RangeError);
  expect(() => summarizeSpte(mmu, 0n, 6)).toThrow(RangeError);
  expect(() => outlineSpte(mmu, 1n << 64n, 'leaf')).toThrow(RangeError);
});
