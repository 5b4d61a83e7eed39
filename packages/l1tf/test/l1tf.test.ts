// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  createMmu,
  defineHost,
  defineVendor,
  exposureText,
  legacyFormat,
  parseKernelVersion,
} from '@spte/core';
import {
  isCacheTooWide,
  L1TF_DIAGNOSTICS,
  l1tf,
  l1tfExposure,
  l1tfMasks,
  movedUp,
  NONPRESENT_OR_RSVD_LEN,
  outOfReach,
  wantsGuard,
  withinReach,
} from '@spte/l1tf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const kernel = parseKernelVersion('6.8');
const vulnerable = (cacheBits: number) => ({ physBits: Math.min(cacheBits, 52), cacheBits, l1tf: true });
const masksOf = (cacheBits: number) => l1tfMasks(kernel, defineHost(vulnerable(cacheBits)));
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const vendor = defineVendor({
  name: 'none',
  apiVersion: 1,
  format: legacyFormat,
  setup: (_, registry) => registry,
});

describe('the guard', () => {
  it.each(range(32, 46))('covers the top five bits that a cache of %i bits looks at', (cacheBits) => {
    expect(masksOf(cacheBits)).toEqual({
      nonpresentOrRsvd: bits(cacheBits - 1, cacheBits - 5),
      lowerGfn: bits(cacheBits - 6, 12),
    });
    expect(isCacheTooWide(cacheBits)).toBe(false);
  });

  it.each(range(47, 63))('has no room where the cache looks at %i bits', (cacheBits) => {
    expect(isCacheTooWide(cacheBits)).toBe(true);
    expect(masksOf(cacheBits)).toEqual({
      nonpresentOrRsvd: 0n,
      lowerGfn: bits(Math.min(cacheBits, 52) - 1, 12),
    });
  });

  it('goes by what the cache looks at, not by what CPUID reports', () => {
    const host = defineHost({ physBits: 36, cacheBits: 44, l1tf: true });
    expect(l1tfMasks(kernel, host)).toEqual({ nonpresentOrRsvd: bits(43, 39), lowerGfn: bits(38, 12) });
  });

  it('is not in 3.10 as RHEL 7 has it, with the bug or without', () => {
    const rhel = parseKernelVersion('3.10');
    expect([
      wantsGuard(rhel, defineHost({ physBits: 46 })),
      wantsGuard(rhel, defineHost(vulnerable(44))),
    ]).toEqual([false, false]);
    expect(wantsGuard(parseKernelVersion('4.14.35'), defineHost({ physBits: 46 }))).toBe(true);
  });

  it('is not needed without the bug, but in early 5.4.y every CPU has it', () => {
    const host = defineHost({ physBits: 46 });
    expect(l1tfMasks(kernel, host)).toEqual({ nonpresentOrRsvd: 0n, lowerGfn: bits(45, 12) });
    const guarded = (release: string): boolean => wantsGuard(parseKernelVersion(release), host);
    expect([guarded('5.4.0'), guarded('5.4.46'), guarded('5.4.47'), guarded('5.4')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(l1tfMasks(parseKernelVersion('5.4.1'), host).nonpresentOrRsvd).toBe(bits(45, 41));
    expect(wantsGuard(kernel, { ...host, l1tf: true })).toBe(true);
  });
});

describe('an address', () => {
  it.each(range(32, 46))('comes back from out of the reach of a cache of %i bits', (cacheBits) => {
    const masks = masksOf(cacheBits);
    const anyPage = fc.bigInt({ min: 0n, max: bits(cacheBits - 1, 0) }).map((address) => address & ~0xfffn);
    const otherBits = fc.bigInt({ min: 0n, max: 0xfffn });
    fc.assert(
      fc.property(anyPage, otherBits, otherBits, (gpa, low, high) => {
        const moved = outOfReach(masks, gpa);
        expect(withinReach(masks, moved)).toBe(gpa);
        // Whatever else the entry holds around its address.
        expect(withinReach(masks, moved | low | (high << 52n))).toBe(gpa);
        expect(moved & masks.nonpresentOrRsvd).toBe(masks.nonpresentOrRsvd);
        expect(moved & masks.lowerGfn).toBe(gpa & masks.lowerGfn);
        expect(moved).toBeLessThan(1n << BigInt(cacheBits + NONPRESENT_OR_RSVD_LEN));
        expect(moved).toBe(gpa | masks.nonpresentOrRsvd | movedUp(masks.nonpresentOrRsvd, gpa));
        expect(l1tfExposure(moved, vulnerable(cacheBits)).safe).toBe(true);
      }),
    );
  });

  it('above the guard does not come back', () => {
    const masks = masksOf(44);
    for (const n of range(44, 48)) {
      const gpa = 1n << BigInt(n);
      expect(withinReach(masks, outOfReach(masks, gpa))).not.toBe(gpa);
    }
  });

  it('stays as it is without a guard', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: bits(45, 12) }), (gpa) => {
        const masks = l1tfMasks(kernel, defineHost({ physBits: 46 }));
        expect(outOfReach(masks, gpa)).toBe(gpa);
        expect(withinReach(masks, gpa)).toBe(gpa & ~0xfffn);
      }),
    );
  });

  it('is cut to 64 bits when it moves', () => {
    expect(movedUp(1n << 63n, 1n << 63n)).toBe(0n);
  });
});

describe('the policy', () => {
  const start = (host: Parameters<typeof createMmu>[0]['host']) =>
    createMmu({ host, vendor, policies: [l1tf] });

  it('sets both masks when everything is reset, and says so', () => {
    const { masks, setBy, initWarnings } = start(vulnerable(44));
    expect(masks).toMatchObject({ nonpresentOrRsvd: bits(43, 39), lowerGfn: bits(38, 12) });
    expect(setBy).toMatchObject({
      nonpresentOrRsvd: 'kvm_mmu_reset_all_pte_masks',
      lowerGfn: 'kvm_mmu_reset_all_pte_masks',
    });
    expect(initWarnings.filter(({ code }) => code in L1TF_DIAGNOSTICS)).toEqual([]);
  });

  it.each([
    [46, true, false],
    [47, true, true],
    [63, true, true],
    [47, false, false],
  ])('with %i cache bits and the bug %s warns: %s', (cacheBits, bug, warns) => {
    const { initWarnings } = start({ physBits: 46, cacheBits, l1tf: bug });
    expect(initWarnings.filter(({ code }) => code in L1TF_DIAGNOSTICS)).toEqual(
      warns ? [{ code: 'l1tf.cache-bits-too-wide', kind: 'WARN_ON_ONCE' }] : [],
    );
  });
});

describe('what a CPU with L1TF fetches', () => {
  const host = { l1tf: true, cacheBits: 44 };

  it('is nothing without the bug', () => {
    const exposure = l1tfExposure(0x1234_5678_9000n, { l1tf: false, cacheBits: 44 });
    expect(exposure).toEqual({ fetches: null, safe: true, code: 'no-bug', params: {} });
    expect(exposureText(exposure)).toBe('this CPU does not have the L1TF bug');
  });

  it('is page 0 for an entry without an address, which is safe', () => {
    for (const entry of [0n, 1n << 63n, 0x5a0n, 0xfffn, 1n << 44n]) {
      expect(l1tfExposure(entry, host)).toMatchObject({ fetches: 0n, safe: true, code: 'page-0' });
      expect(l1tfExposure(entry, { ...host, ramEnd: 1n << 40n })).toMatchObject({ fetches: 0n, safe: true });
    }
  });

  it('is safe where all guarded bits are set, and not where one is missing', () => {
    const guarded = outOfReach(masksOf(44), 0x1234_5000n);
    expect(l1tfExposure(guarded, host)).toMatchObject({ fetches: 0xf80_1234_5000n, safe: true });
    expect(exposureText(l1tfExposure(guarded, host))).toBe(
      'the guarded bits 0xf8000000000 are all set: RAM is not that high',
    );
    for (const n of range(39, 43)) {
      const exposure = l1tfExposure(guarded & ~(1n << BigInt(n)), host);
      expect(exposure.safe).toBe(false);
      expect(exposureText(exposure)).toBe('the guarded bits 0xf8000000000 are not all set: there may be RAM');
    }
  });

  it('looks at no bit above the cache’s width, and none below a page', () => {
    expect(l1tfExposure((1n << 64n) - 1n, host).fetches).toBe(bits(43, 12));
  });

  it('goes by the end of RAM where that is known, the end itself being safe', () => {
    const ramEnd = 0x20_0000_0000n;
    const below = l1tfExposure(ramEnd - 0x1000n, { ...host, ramEnd });
    expect(below.safe).toBe(false);
    expect(exposureText(below)).toBe('0x1ffffff000 is below the end of RAM, 0x2000000000');
    const beyond = l1tfExposure(ramEnd, { ...host, ramEnd });
    expect(beyond.safe).toBe(true);
    expect(exposureText(beyond)).toBe('there is no RAM at 0x2000000000 to be in the cache');
    // A machine with RAM above the guard is not helped by it.
    expect(l1tfExposure(bits(43, 39), { ...host, ramEnd: 1n << 44n }).safe).toBe(false);
  });

  it('is asked of a 64-bit entry and a legal width', () => {
    expect(() => l1tfExposure(1n << 64n, host)).toThrow(
      'entry must be within 0x0..0xffffffffffffffff, got 0x10000000000000000',
    );
    expect(() => l1tfExposure(5 as unknown as bigint, host)).toThrow(TypeError);
    for (const cacheBits of [31, 64, 44.5]) {
      expect(() => l1tfExposure(0n, { l1tf: true, cacheBits })).toThrow(
        `cacheBits must be an integer within 32..63, got ${cacheBits}`,
      );
    }
  });
});

describe('the policy', () => {
  it('says of an entry what its machine lets speculation fetch', () => {
    for (const host of [vulnerable(44), { ...vulnerable(44), l1tf: false }]) {
      const mmu = createMmu({ host, vendor, policies: [l1tf] });
      for (const spte of [0n, 0x1234_5000n, mmu.masks.nonpresentOrRsvd]) {
        expect(l1tf.exposure?.(mmu, spte)).toEqual(l1tfExposure(spte, mmu.host));
      }
    }
  });
});
