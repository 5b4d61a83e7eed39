// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';

const policies = [l1tf, mmio()];

/** Machines whose rules look at different address bits. */
export const machines: Readonly<Record<string, Partial<MmuConfig> & Pick<MmuConfig, 'vendor' | 'host'>>> = {
  'EPT with A/D': { host: { physBits: 46 }, vendor: vmx() },
  'EPT without A/D, L1TF': {
    host: { physBits: 39, cacheBits: 44, l1tf: true },
    vendor: vmx({ eptAd: false, eptExecOnly: false, pml: false }),
  },
  'EPT, L1TF, small 46-bit cache': {
    host: { physBits: 46, cacheBits: 44, l1tf: true },
    vendor: vmx(),
    root: { level: 5 },
  },
  'EPT with MKTME': { host: { physBits: 46, cpuid80000008Eax: 52 }, vendor: vmx() },
  NPT: { host: { physBits: 48 }, vendor: svm() },
  'NPT, 52 bits': { host: { physBits: 52 }, vendor: svm() },
  'NPT with SME': {
    host: { physBits: 43, cpuid80000008Eax: 48, physicalMask: 0x7fff_ffff_ffffn },
    vendor: svm({
      smeMeMask: 1n << 47n,
      cpuid80000000Eax: 0x8000_001f,
      cpuid8000001fEbx: 47,
      syscfg: 1n << 23n,
    }),
  },
  'shadow paging, L1TF': {
    host: { physBits: 36, cacheBits: 44, l1tf: true },
    vendor: vmx({ ept: false }),
  },
};

/** A kernel of each layout. */
export const KERNELS: readonly string[] = ['5.4', '5.10', '5.12', '6.1', '6.8', '6.12', '7.3'];

/** The MMU of one of the {@link machines} under a kernel. */
export function machine(name: string, kernel: string, change: Partial<MmuConfig> = {}): Mmu {
  const config = machines[name];
  if (config === undefined) throw new RangeError(`no machine ${JSON.stringify(name)}`);
  return createMmu({ policies, ...config, kernel, ...change });
}
