// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  createMmu,
  type HostFacts,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  pageRole,
  plainHost,
} from '@spte/core';
import { mmio } from '@spte/mmio';
import { type SvmOptions, svm, svmAdjustMmioMask } from '@spte/vendor-svm';
import { describe, expect, it } from 'vitest';

const mmuOf = (
  options: SvmOptions = {},
  host: Partial<HostFacts> & Pick<HostFacts, 'physBits'> = { physBits: 48 },
  kernel = '6.8',
): Mmu => createMmu({ kernel, host, vendor: svm(options), policies: [mmio()] });

const LEAF = 0x8000_001f;
const ON = 1n << 23n;

/** A machine whose encryption takes five of 48 address bits. */
const sme = (cBit: number, change: SvmOptions = {}): SvmOptions => ({
  cpuid80000000Eax: LEAF,
  cpuid8000001fEbx: cBit,
  syscfg: ON,
  ...change,
});

describe('svm', () => {
  it('keeps the legacy masks for NPT', () => {
    const mmu = mmuOf();
    // What the sources of kvm_mmu_reset_all_pte_masks() write.
    expect(mmu.masks).toMatchObject({
      present: 0x1n,
      user: 0x4n,
      nx: 1n << 63n,
      x: 0n,
      accessed: 0x20n,
      dirty: 0x40n,
      memtype: 0n,
      accTrack: 0n,
      hostWritable: 0x200n,
      mmuWritable: 0x400n,
      mmioValue: (1n << 51n) | 1n,
      mmioMask: (1n << 51n) | 1n,
      mmioAccess: 6n,
      meValue: 0n,
      meMask: 0n,
      tdpEnabled: true,
      maxHugePageLevel: 3,
      cpuDirtyLogSize: 0,
    });
    expect(mmu.vendor.format.name).toBe('legacy');
    expect(mmu.vendor.getMtMask).toBeUndefined();
  });

  it('keeps them for shadow paging too, whose largest page the CPU decides', () => {
    const shadow = mmuOf({ npt: false }, { physBits: 48, gbpages: false });
    expect(shadow.masks).toMatchObject({ present: 1n, tdpEnabled: false, maxHugePageLevel: 2 });
    expect(shadow.root.kind).toBe('shadow');
  });

  it('encrypts memory and page tables, but no device', () => {
    const cBit = 1n << 47n;
    const host = { physBits: 43, cpuid80000008Eax: 48, physicalMask: bits(42, 0) };
    const mmu = mmuOf(sme(47, { smeMeMask: cBit }), host);
    expect(mmu.masks).toMatchObject({ meValue: cBit, meMask: cBit });
    const request = { role: pageRole(), gfn: 1n, pfn: 0x1234n };
    const device = { ...plainHost, pfnValid: () => false, e820Ram: () => false };
    expect(makeSpte(mmu, plainHost, request).spte & cBit).toBe(cBit);
    expect(makeSpte(mmu, device, request).spte & cBit).toBe(0n);
    expect(makeNonleafSpte(mmu, 0x1234000n, false) & cBit).toBe(cBit);
  });

  it.each<[string, SvmOptions, string]>([
    ['smeMeMask', { smeMeMask: -1n }, '0x0..0xffffffffffffffff, got -0x1'],
    ['syscfg', { syscfg: 1n << 64n }, '0x0..0xffffffffffffffff, got 0x10000000000000000'],
    ['cpuid80000000Eax', { cpuid80000000Eax: -1 }, '0..4294967295, got -1'],
    ['cpuid8000001fEbx', { cpuid8000001fEbx: 2 ** 32 }, '0..4294967295, got 4294967296'],
  ])('refuses %s outside its width', (name, options, range) => {
    expect(() => svm(options)).toThrow(RangeError);
    expect(() => svm(options)).toThrow(name);
    expect(() => svm(options)).toThrow(`within ${range}`);
  });

  it('refuses words of another type', () => {
    expect(() => svm({ smeMeMask: 0 as unknown as bigint })).toThrow(
      'smeMeMask must be a bigint, got 0 (number)',
    );
    expect(() => svm({ cpuid80000000Eax: '1' as unknown as number })).toThrow(TypeError);
  });
});

describe('svmAdjustMmioMask', () => {
  const reset = mmuOf();
  const maskOf = (options: SvmOptions, physBits = 43): bigint =>
    mmuOf(options, { physBits, cpuid80000008Eax: 48 }).masks.mmioMask;
  const unadjusted = (1n << 51n) | 1n;

  it('leaves the mask where the CPU has no memory encryption', () => {
    expect(maskOf({})).toBe(unadjusted);
    expect(maskOf(sme(47, { cpuid80000000Eax: LEAF - 1 }))).toBe(unadjusted);
    expect(svmAdjustMmioMask(reset, reset, {})).toBe(reset);
    expect(svmAdjustMmioMask(reset, reset, { cpuid80000000Eax: LEAF - 1, syscfg: ON })).toBe(reset);
  });

  it('leaves the mask where encryption is off', () => {
    expect(maskOf(sme(47, { syscfg: 0n }))).toBe(unadjusted);
    expect(maskOf(sme(47, { syscfg: ~ON & bits(63, 0) }))).toBe(unadjusted);
    expect(svmAdjustMmioMask(reset, reset, { cpuid80000000Eax: LEAF })).toBe(reset);
  });

  it('starts at the first address bit that encryption makes reserved', () => {
    expect(maskOf(sme(47))).toBe(bits(51, 43) | 1n);
    expect(maskOf(sme(0, { cpuid8000001fEbx: 0 }))).toBe(bits(51, 43) | 1n);
    expect(maskOf(sme(47, { cpuid80000000Eax: 0xffff_ffff }))).toBe(bits(51, 43) | 1n);
  });

  it('starts one bit higher where the C-bit would be the first', () => {
    expect(maskOf(sme(43))).toBe(bits(51, 44) | 1n);
    expect(maskOf(sme(51), 51)).toBe(0n);
    expect(maskOf(sme(51), 50)).toBe(bits(51, 50) | 1n);
  });

  it('looks at the low six bits of the position only', () => {
    expect(maskOf(sme(43 | 0xffc0))).toBe(bits(51, 44) | 1n);
  });

  it('switches caching off where no reserved bit is left', () => {
    const { masks } = mmuOf(sme(47), { physBits: 52 });
    expect(masks).toMatchObject({ mmioMask: 0n, mmioValue: 0n, mmioAccess: 6n, enableMmioCaching: false });
    const { masks: usable } = mmuOf(sme(47), { physBits: 51 });
    expect(usable).toMatchObject({ mmioMask: (1n << 51n) | 1n, enableMmioCaching: true });
  });

  it('takes nothing for a memory encryption that it was not told of', () => {
    const { masks } = svmAdjustMmioMask(reset, reset, { cpuid80000000Eax: LEAF, syscfg: ON });
    expect(masks.mmioMask).toBe(bits(51, 48) | 1n);
  });
});

describe('an old kernel', () => {
  it('has the encryption mask of its host up to 5.18', () => {
    const cBit = 1n << 47n;
    const setBy = (kernel: string) => {
      const mmu = mmuOf({ smeMeMask: cBit }, { physBits: 43, cpuid80000008Eax: 48 }, kernel);
      expect(mmu.masks).toMatchObject({ meMask: cBit, meValue: cBit });
      return mmu.setBy.meMask;
    };
    expect(['5.19', '5.18'].map(setBy)).toEqual(['kvm_mmu_set_me_spte_mask', 'kvm_mmu_reset_all_pte_masks']);
  });

  it('does not move the MMIO mask up to 5.4.37', () => {
    const maskIn = (kernel: string): bigint => mmuOf(sme(43), { physBits: 43 }, kernel).masks.mmioMask;
    const marker = bits(53, 52);
    expect(['5.4.49', '5.4.18'].map(maskIn)).toEqual([
      marker | bits(51, 44) | 1n,
      marker | bits(51, 51) | 1n,
    ]);
  });
});
