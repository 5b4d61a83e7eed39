// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  createMmu,
  defineSetup,
  type Kvm,
  type KvmConfig,
  loadKvm,
  loadVendor,
  type Mmu,
  makeSpte,
  mmuWithMasks,
  pageRole,
  plainHost,
  type Registry,
  type SetBy,
  type Vendor,
} from '@spte/core';
import { machine, machines } from '@spte/testing/machines';
import { l1tf, mmio, svm, vmx } from '@spte/testing/shipped';
import { describe, expect, it } from 'vitest';

const RESET = 'kvm_mmu_reset_all_pte_masks';
const EPT = 'kvm_mmu_set_ept_masks';
const MMIO = 'kvm_mmu_set_mmio_spte_mask';
const ME = 'kvm_mmu_set_me_spte_mask';
const CONFIGURE = 'kvm_configure_mmu';

/** Who set what, on every machine that runs the reference kernel. */
const COMMON = {
  baseAddr: 'physical_mask',
  allowMmioCaching: 'kvm_mmu_spte_module_init',
  enableMmioCaching: MMIO,
  mmioValue: MMIO,
  mmioMask: MMIO,
  mmioAccess: MMIO,
  meValue: ME,
  meMask: ME,
  nonpresentOrRsvd: RESET,
  lowerGfn: RESET,
  shadowPhysBits: RESET,
  tdpEnabled: CONFIGURE,
  maxHugePageLevel: CONFIGURE,
};

const attributes = (step: string) => ({
  hostWritable: step,
  mmuWritable: step,
  nx: step,
  x: step,
  user: step,
  accessed: step,
  dirty: step,
  present: step,
  memtype: step,
  accTrack: step,
});

const VMX = { cpuDirtyLogSize: 'vmx_hardware_setup' };

const expectedSteps: Readonly<Record<string, Partial<SetBy>>> = {
  'EPT with A/D': { ...COMMON, ...VMX, ...attributes(EPT) },
  'EPT without A/D': { ...COMMON, ...VMX, ...attributes(EPT) },
  'EPT with L1TF': { ...COMMON, ...VMX, ...attributes(EPT) },
  'shadow paging on Intel with L1TF': { ...COMMON, ...VMX, ...attributes(RESET) },
  NPT: { ...COMMON, ...attributes(RESET) },
  'NPT with SME': { ...COMMON, ...attributes(RESET) },
};

describe('the registry', () => {
  it.each(Object.entries(expectedSteps))('remembers which step set each mask: %s', (name, steps) => {
    expect(machine(name).setBy).toMatchObject(steps);
  });

  it('names one step for each mask', () => {
    const { masks, setBy } = machine('EPT with A/D');
    expect(Object.keys(setBy).toSorted()).toEqual(Object.keys(masks).toSorted());
  });

  it('names the module parameter where no policy took a snapshot of it', () => {
    const { snapshot } = { snapshot: { ...mmio(), moduleInit: undefined } };
    const { moduleInit: _, ...policy } = snapshot;
    const kvm = loadKvm(defineSetup({ host: { physBits: 46 }, policies: [policy] }));
    expect(kvm.registry.setBy).toMatchObject({
      enableMmioCaching: 'module parameter',
      allowMmioCaching: 'initial',
    });
    expect(loadVendor(kvm, vmx()).registry.masks).toMatchObject({ enableMmioCaching: false, mmioValue: 0n });
  });

  it.each(Object.keys(machines))('cannot be changed: %s', (name) => {
    const mmu = machine(name);
    expect([mmu, mmu.masks, mmu.setBy].map((part) => Object.isFrozen(part))).toEqual([true, true, true]);
    const writable = mmu as { masks: Mmu['masks'] };
    expect(() => {
      writable.masks = { ...mmu.masks, nx: 0n };
    }).toThrow(TypeError);
  });

  it('takes the C-bit out of the addresses, and refuses a mask that has it', () => {
    const vendor = svm({ smeMeMask: 1n << 47n });
    const withMask = (physicalMask: bigint): Mmu =>
      createMmu({ host: { physBits: 43, physicalMask }, vendor });
    expect(createMmu({ host: { physBits: 43 }, vendor }).masks.baseAddr).toBe(0xf7ffffffff000n);
    expect(withMask(0x7ffffffffffn).masks.baseAddr).toBe(0x7fffffff000n);
    expect(() => withMask(bits(51, 0))).toThrow(
      'host.physicalMask must leave out smeMeMask 0x800000000000, got 0xfffffffffffff',
    );
  });

  it.each(Object.entries(machines))('is the same for the same input: %s', (_, config) => {
    expect(createMmu(config).masks).toEqual(createMmu(config).masks);
    expect(createMmu(config).zeroCheck).toEqual(createMmu(config).zeroCheck);
  });
});

describe('loading a vendor module', () => {
  const vendors: Readonly<Record<string, Vendor>> = {
    'EPT with A/D': vmx(),
    'EPT without A/D': vmx({ eptAd: false, eptExecOnly: false }),
    'Intel without EPT': vmx({ ept: false }),
    NPT: svm(),
    'AMD without NPT': svm({ npt: false }),
    SME: svm({
      smeMeMask: 1n << 47n,
      cpuid80000000Eax: 0x8000_001f,
      cpuid8000001fEbx: 47,
      syscfg: 1n << 23n,
    }),
  };
  const pairs = Object.entries(vendors).flatMap(([first, before]) =>
    Object.entries(vendors).map(([second, after]) => ({ first, second, before, after })),
  );

  const kvm = (config: Partial<KvmConfig> = {}): Kvm =>
    loadKvm(defineSetup({ host: { physBits: 43, l1tf: true }, policies: [l1tf, mmio()], ...config }));

  it.each(pairs)('leaves nothing of the module before it: $first, then $second', ({ before, after }) => {
    const fresh = loadVendor(kvm(), after).registry;
    const reloaded = loadVendor(loadVendor(kvm(), before), after).registry;
    expect(reloaded.masks).toEqual(fresh.masks);
    expect(reloaded.setBy).toEqual(fresh.setBy);
  });

  it('does not change what was loaded before it', () => {
    const loaded = loadVendor(kvm(), vmx());
    const before = structuredClone(loaded.registry.masks);
    loadVendor(loaded, svm());
    expect(loaded.registry.masks).toEqual(before);
  });

  it('caches MMIO again when only the module before it could not', () => {
    const wide = kvm({ host: { physBits: 52 } });
    const caching = ({ registry }: { registry: Registry }): boolean => registry.masks.enableMmioCaching;
    const onSvm = loadVendor(wide, svm());
    expect(caching(onSvm)).toBe(false);
    expect(onSvm.registry.masks.allowMmioCaching).toBe(true);
    expect(caching(loadVendor(onSvm, vmx()))).toBe(true);
  });

  it('never caches MMIO when the user did not want it', () => {
    const off = kvm({ policies: [l1tf, mmio({ mmioCaching: false })] });
    for (const first of Object.values(vendors)) {
      for (const second of Object.values(vendors)) {
        const { masks } = loadVendor(loadVendor(off, first), second).registry;
        expect(masks).toMatchObject({ enableMmioCaching: false, allowMmioCaching: false, mmioValue: 0n });
      }
    }
  });
});

describe('an MMU without policies', () => {
  it.each([
    ['EPT', vmx()],
    ['NPT', svm()],
    ['shadow paging', vmx({ ept: false })],
  ])('builds SPTEs and caches no MMIO: %s', (_, vendor) => {
    const mmu = createMmu({ host: { physBits: 46, l1tf: true }, vendor });
    expect(mmu.masks).toMatchObject({ enableMmioCaching: false, nonpresentOrRsvd: 0n });
    expect(mmu.initWarnings).toEqual([]);
    const request = { role: pageRole(), gfn: 0x99n, pfn: 0x455299n };
    const withPolicies = createMmu({ host: { physBits: 46 }, vendor, policies: [l1tf, mmio()] });
    expect(makeSpte(mmu, plainHost, request)).toEqual(makeSpte(withPolicies, plainHost, request));
  });

  it('takes every frame for memory', () => {
    const device = { ...plainHost, pfnValid: () => false, e820Ram: () => false };
    const request = { role: pageRole(), gfn: 0xfee00n, pfn: 0xfee00n };
    const memtype = (mmu: Mmu): bigint => makeSpte(mmu, device, request).spte & mmu.masks.memtype;
    expect(memtype(createMmu({ host: { physBits: 46 }, vendor: vmx() }))).toBe(0x70n);
    expect(memtype(createMmu({ host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] }))).toBe(0n);
  });
});

describe('the order of the start-up', () => {
  it('chooses the L1TF masks before the MMIO mask is checked against them', () => {
    // 52 address bits less five: the guard's bits would move onto bit 51, where the MMIO mask is.
    const host = { physBits: 46, cacheBits: 46, l1tf: true };
    const mmu = createMmu({ host, vendor: svm(), policies: [l1tf, mmio()] });
    expect(mmu.masks.nonpresentOrRsvd << 5n).toBe(0x7_c000_0000_0000n);
    expect(mmu.masks.mmioValue).toBe(0x8_0000_0000_0001n);
    expect(mmu.initWarnings).toEqual([]);
  });

  it('warns about a cache that is too wide at each load, and goes on', () => {
    const host = { physBits: 46, cacheBits: 47, l1tf: true };
    const { masks, initWarnings } = createMmu({ host, vendor: vmx(), policies: [l1tf, mmio()] });
    expect(initWarnings).toEqual([{ code: 'l1tf.cache-bits-too-wide', kind: 'WARN_ON_ONCE' }]);
    expect(masks).toMatchObject({ nonpresentOrRsvd: 0n, lowerGfn: 0x3fff_ffff_f000n, mmioValue: 6n });
  });

  it('lets a VM have an MMIO value of its own', () => {
    const { masks, setBy } = machine('EPT with A/D', { vm: { mmioValue: 0n } });
    expect(masks).toMatchObject({ mmioValue: 6n, vmMmioValue: 0n });
    expect(setBy.vmMmioValue).toBe('kvm_mmu_set_mmio_spte_value');
    expect(() => machine('NPT', { vm: { mmioValue: -1n } })).toThrow(/^vm\.mmioValue must be within/);
  });

  it('gives way to masks that were read from a kernel, and so does what follows from them', () => {
    const mmu = machine('NPT');
    const other = mmuWithMasks(mmu, { shadowPhysBits: 32 }, 'memory');
    expect(other.setBy).toEqual({ ...mmu.setBy, shadowPhysBits: 'memory' });
    expect(other.masks).toEqual({ ...mmu.masks, shadowPhysBits: 32 });
    expect(other.zeroCheck).not.toEqual(mmu.zeroCheck);
    expect(other.root).toBe(mmu.root);
    // The same masks make the same MMU; what was remembered of the other is not of this one.
    expect(mmuWithMasks(mmu, mmu.masks, 'memory')).toEqual({ ...mmu, setBy: expect.anything() as SetBy });
    expect(Object.getOwnPropertyDescriptor(other, 'shapes')).toMatchObject({ enumerable: false, value: [] });
    const { initWarnings } = mmuWithMasks(mmu, { tdpEnabled: false }, 'memory');
    expect(initWarnings.map(({ code }) => code)).toEqual(['zero-check.tdp-disabled']);
  });

  it('derives the kind of the root from the vendor when nobody names one', () => {
    expect(machine('NPT').root.kind).toBe('tdp');
    expect(machine('PAE shadow paging').root).toMatchObject({ kind: 'shadow', level: 3 });
  });

  it('lets shadow paging map pages as large as the CPU does', () => {
    const largest = (gbpages: boolean) =>
      machine('shadow paging', { host: { physBits: 40, gbpages } }).masks.maxHugePageLevel;
    expect([true, false].map(largest)).toEqual([3, 2]);
  });

  it('warns when a direct MMU is built while its vendor pages without a second dimension', () => {
    const { initWarnings } = machine('PAE shadow paging', { root: { kind: 'tdp' } });
    expect(initWarnings.map(({ code }) => code)).toEqual(['zero-check.tdp-disabled']);
  });

  it('warns when a shadow MMU is built for a root of two levels', () => {
    const { initWarnings } = machine('PAE shadow paging', { root: { level: 2 } });
    expect(initWarnings.map(({ code }) => code)).toEqual(['zero-check.root-level']);
  });
});
