// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  createMmu,
  decodeSpte,
  type Host,
  isMmioSpte,
  isRemovedSpte,
  isShadowPresentPte,
  type Mmu,
  observe,
  PAGE_SHIFT,
  plainHost,
} from '@spte/core';
import { l1tf, l1tfExposure } from '@spte/l1tf';
import {
  checkMmioSpte,
  GEN_UPDATE_IN_PROGRESS,
  getMmioSpteAccess,
  getMmioSpteGeneration,
  getMmioSpteGfn,
  makeMmioSpte,
  mmio,
} from '@spte/mmio';
import { anyAccess, anyGfnBelow, anyU64 } from '@spte/testing/arbitraries';
import { machine } from '@spte/testing/machines';
import { svm, vmx } from '@spte/testing/shipped';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const hostOf = (answers: Partial<Host>): Host => ({ ...plainHost, ...answers });

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('an MMIO SPTE', () => {
  const vendors = {
    EPT: { vendor: vmx(), remembered: 0 },
    legacy: { vendor: vmx({ ept: false }), remembered: 6 },
    NPT: { vendor: svm(), remembered: 6 },
  };
  const generations = anyU64.map((gen) => gen & ~GEN_UPDATE_IN_PROGRESS);

  function remembers(mmu: Mmu, width: number, remembered: number): void {
    fc.assert(
      fc.property(anyGfnBelow(width), anyAccess, generations, (gfn, access, generation) => {
        const host = hostOf({ memslotGeneration: () => generation });
        const spte = makeMmioSpte(mmu, host, gfn, access);
        expect(isMmioSpte(mmu, spte)).toBe(true);
        expect(isShadowPresentPte(mmu, spte)).toBe(false);
        expect(isRemovedSpte(mmu, spte)).toBe(false);
        expect(getMmioSpteGfn(mmu, spte)).toBe(gfn);
        expect(getMmioSpteAccess(mmu, spte)).toBe(BigInt(access & remembered));
        expect(getMmioSpteGeneration(mmu, spte)).toBe(generation & 0x7ffffn);
        expect(checkMmioSpte(mmu, host, spte)).toBe(true);
        const later = hostOf({ memslotGeneration: () => generation + 1n });
        expect(checkMmioSpte(mmu, later, spte)).toBe(false);
        const changing = hostOf({ memslotGeneration: () => generation | GEN_UPDATE_IN_PROGRESS });
        expect(checkMmioSpte(mmu, changing, spte)).toBe(false);
        expect(decodeSpte(mmu, spte, 1).mmio).toMatchObject({
          gfn,
          gpa: gfn << PAGE_SHIFT,
          access: BigInt(access & remembered),
          generation: generation & 0x7ffffn,
        });
      }),
    );
  }

  describe.each(Object.entries(vendors))('of %s', (_, { vendor, remembered }) => {
    it.each(range(32, 46))(
      'gives gfn, access and generation back behind an L1TF guard below bit %i',
      (cacheBits) => {
        const host = { physBits: Math.min(cacheBits, 46), cacheBits, l1tf: true };
        const mmu = createMmu({ host, vendor, policies: [l1tf, mmio()] });
        expect(mmu.masks.nonpresentOrRsvd).toBe(bits(cacheBits - 1, cacheBits - 5));
        remembers(mmu, cacheBits, remembered);
      },
    );

    it.each([32, 36, 39, 40, 43, 44, 46, 48, 51])(
      'gives gfn, access and generation back with %i physical bits and no guard',
      (physBits) => {
        const mmu = createMmu({ host: { physBits }, vendor, policies: [l1tf, mmio()] });
        expect(mmu.masks.nonpresentOrRsvd).toBe(0n);
        remembers(mmu, physBits, remembered);
      },
    );

    it.each(range(32, 46))('is nothing that a CPU with L1TF and %i cache bits could fetch', (cacheBits) => {
      const host = { physBits: 36, cacheBits, l1tf: true };
      const mmu = createMmu({ host, vendor, policies: [l1tf, mmio()] });
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: bits(51, 0) }), anyAccess, (gfn, access) => {
          expect(l1tfExposure(makeMmioSpte(mmu, plainHost, gfn, access), host).safe).toBe(true);
        }),
      );
    });
  });

  it('does not give a gfn back that reaches above the L1TF guard', () => {
    const mmu = machine('EPT with L1TF');
    const gfn = 1n << (44n - PAGE_SHIFT);
    expect(getMmioSpteGfn(mmu, makeMmioSpte(mmu, plainHost, gfn, 0))).not.toBe(gfn);
  });

  it('cannot be told from any other entry where MMIO is not cached', () => {
    const mmu = machine('NPT that cannot cache MMIO');
    const { value, warnings } = observe(mmu, (mmu) => makeMmioSpte(mmu, plainHost, 0xfee00n, 7));
    expect(isMmioSpte(mmu, value)).toBe(false);
    expect(warnings.map(({ code }) => code)).toEqual(['mmio.value-zero']);
  });
});
