// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, judgeSpte, type Mmu } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { mmuConfigOf, PRESETS, plainConfig, presetOf, type VendorChoice } from '../src/index.ts';

function mmuOf(name: string): Mmu {
  const preset = presetOf(name);
  if (preset === undefined) throw new Error(`no preset ${name}`);
  return createMmu(mmuConfigOf(preset.config));
}

/** A leaf of nested EPT with fetches alone. */
const EXECUTE_ONLY = 0x600000455299974n;

describe('the presets', () => {
  it('have a name each, and KVM starts on all of them without a warning', () => {
    expect(new Set(PRESETS.map(({ name }) => name)).size).toBe(PRESETS.length);
    expect(PRESETS.filter(({ name }) => mmuOf(name).initWarnings.length > 0)).toEqual([]);
  });

  it('are found by their name in any case', () => {
    expect(presetOf('Haswell-Client')).toBe(PRESETS[2]);
    expect(presetOf('nothing')).toBeUndefined();
  });

  it('allow execute-only entries in nested EPT, for these CPUs have them, and in no other tables', () => {
    expect(judgeSpte(mmuOf('intel-nested-ept'), EXECUTE_ONLY, 1)).toEqual([]);
    expect(judgeSpte(mmuOf('cascade-lake'), EXECUTE_ONLY, 1)).toMatchObject([{ code: 'bad-xwr' }]);
  });

  it('take the address bits that the CPU gives to encryption, whether or not the kernel uses it', () => {
    const { masks: used, host } = mmuOf('milan-sme');
    const { masks: unused } = mmuOf('milan-smee');
    expect([host.physBits, mmuOf('milan-smee').host.physBits, mmuOf('genoa-sme').host.physBits]).toEqual([
      43, 43, 46,
    ]);
    expect([used.meValue, unused.meValue]).toEqual([1n << 51n, 0n]);
    expect(used.mmioValue).toBe(unused.mmioValue);
    expect(mmuOf('milan').masks.mmioValue).not.toBe(used.mmioValue);
  });

  it('have the L1TF guard by the bits of the cache', () => {
    expect(mmuOf('haswell').masks.nonpresentOrRsvd).toBe(0x3e0000000000n);
    expect(mmuOf('haswell-client').masks.nonpresentOrRsvd).toBe(0xf8000000000n);
    expect(mmuOf('ice-lake').masks.nonpresentOrRsvd).toBe(0n);
  });

  it('start from a plain machine of the vendor', () => {
    expect(presetOf('ice-lake')?.config).toEqual(plainConfig('vmx'));
    expect(presetOf('milan')?.config).toEqual(plainConfig('svm'));
    expect(plainConfig('vmx', 39).host).toMatchObject({
      physBits: 39,
      cacheBits: 39,
      cpuid80000008Eax: 39,
    });
  });
});

// What was asked of a guest without EFER.NX: 112022bdb5bc is in 5.4.144, 5.10.50 and 5.14.
describe('NX in the entries of a guest without EFER.NX', () => {
  const isReserved = (kernel: string, vendor: VendorChoice): boolean =>
    judgeSpte(
      createMmu(
        mmuConfigOf({ ...plainConfig(vendor.name), kernel, vendor, root: { kind: 'shadow', eferNx: false } }),
      ),
      0x8000000012200e65n,
      1,
    ).some(({ bits }) => bits.includes(63));

  it.each<[string, VendorChoice, boolean]>([
    ...['5.4.143', '5.9', '5.10.49', '5.13'].map((kernel): [string, VendorChoice, boolean] => [
      kernel,
      { name: 'svm', options: { npt: false } },
      true,
    ]),
    ...['5.4.144', '5.10.50', '5.14', '5.18', '5.19', '6.1', '7.3'].flatMap(
      (kernel): [string, VendorChoice, boolean][] => [
        [kernel, { name: 'svm', options: { npt: false } }, false],
        [kernel, { name: 'vmx', options: { ept: false } }, false],
      ],
    ),
    // Under TDP it is a nested guest's, and what that has counts.
    ['6.1', { name: 'svm', options: {} }, true],
    ['6.1', { name: 'vmx', options: {} }, true],
  ])('in %s with %o is reserved: %s', (kernel, vendor, reserved) => {
    expect(isReserved(kernel, vendor)).toBe(reserved);
  });
});
