// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import fc from 'fast-check';

/** Any 64-bit word, with the bits that rules look at more often than by chance. */
export const anyU64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc
    .uniqueArray(fc.bigInt({ min: 0n, max: 63n }), { maxLength: 12 })
    .map((numbers) => numbers.reduce((word, n) => word | (1n << n), 0n)),
  // Nothing but attributes, present.
  fc
    .tuple(fc.bigInt({ min: 0n, max: 0xfffn }), fc.bigInt({ min: 0n, max: 0xfffn }))
    .map(([high, low]) => (high << 52n) | low | 0x800n),
  fc.constantFrom(0n, 0x5a0n, 1n << 63n, (1n << 64n) - 1n, 6n, 0x8_0000_0000_0001n),
);

/** Any legal level. */
export const anyLevel: fc.Arbitrary<number> = fc.integer({ min: 1, max: 5 });

/** Machines that run KVM in the ways that matter to an SPTE, by a name that says which. */
export const machines: Readonly<Record<string, MmuConfig>> = {
  'EPT with A/D': { host: { physBits: 46 }, vendor: vmx(), policies: [l1tf, mmio()] },
  'EPT without A/D': {
    host: { physBits: 46 },
    vendor: vmx({ eptAd: false, pml: false }),
    policies: [l1tf, mmio()],
  },
  'EPT without A/D and without execute-only': {
    host: { physBits: 39 },
    vendor: vmx({ eptAd: false, eptExecOnly: false }),
    policies: [l1tf, mmio()],
  },
  'EPT with L1TF': {
    host: { physBits: 46, cacheBits: 44, l1tf: true },
    vendor: vmx(),
    policies: [l1tf, mmio()],
  },
  'EPT with MKTME': {
    host: { physBits: 46, cpuid80000008Eax: 52 },
    vendor: vmx(),
    policies: [l1tf, mmio()],
  },
  'shadow paging on Intel with L1TF': {
    host: { physBits: 36, cacheBits: 44, l1tf: true },
    vendor: vmx({ ept: false }),
    policies: [l1tf, mmio()],
  },
  NPT: { host: { physBits: 48 }, vendor: svm(), policies: [l1tf, mmio()] },
  'NPT with SME': {
    host: { physBits: 43, cpuid80000008Eax: 48, physicalMask: 0x7fff_ffff_ffffn },
    vendor: svm({
      smeMeMask: 1n << 47n,
      cpuid80000000Eax: 0x8000_001f,
      cpuid8000001fEbx: 47,
      syscfg: 1n << 23n,
    }),
    policies: [l1tf, mmio()],
  },
  'NPT that cannot cache MMIO': { host: { physBits: 52 }, vendor: svm(), policies: [l1tf, mmio()] },
  'shadow paging on AMD': {
    host: { physBits: 40 },
    vendor: svm({ npt: false }),
    policies: [l1tf, mmio()],
    root: { level: 3 },
  },
  'EPT with debug assertions': {
    host: { physBits: 46 },
    vendor: vmx(),
    policies: [l1tf, mmio()],
    params: { proveMmu: true },
  },
};

/** The MMU of one of the {@link machines}. */
export function machine(name: string, change: Partial<MmuConfig> = {}): Mmu {
  const config = machines[name];
  if (config === undefined) throw new RangeError(`no machine ${JSON.stringify(name)}`);
  return createMmu({ ...config, ...change });
}

/** Any of the {@link machines}, as the reference kernel sees it. */
export const anyMachine: fc.Arbitrary<Mmu> = fc
  .constantFrom(...Object.keys(machines))
  .map((name) => machine(name));

/** Kernels of every layout and from between. */
export const KERNELS: readonly string[] = [
  '5.4',
  '5.10',
  '5.12',
  '5.13',
  '6.1',
  '6.8',
  '6.12',
  '7.1',
  '7.2',
  '7.3',
];

/** Any of the {@link machines} under any kernel. */
export const anyEra: fc.Arbitrary<Mmu> = fc
  .tuple(fc.constantFrom(...Object.keys(machines)), fc.constantFrom(...KERNELS))
  .map(([name, kernel]) => machine(name, { kernel }));
