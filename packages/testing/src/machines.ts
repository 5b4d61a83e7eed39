// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { MEMORY_ENCRYPTION_LEAF, SYSCFG_MEM_ENCRYPT, svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';

export const MACHINE_NAMES = [
  'EPT with A/D',
  'EPT without A/D',
  'EPT without A/D and without execute-only',
  'EPT without A/D, L1TF',
  'EPT with L1TF',
  'EPT, L1TF, small 46-bit cache',
  'EPT with MKTME',
  'EPT of five levels',
  'EPT with debug assertions',
  'shadow paging on Intel with L1TF',
  'NPT',
  'NPT with SME',
  'NPT of five levels',
  'NPT that cannot cache MMIO',
  'shadow paging',
  'PAE shadow paging',
] as const;

export type MachineName = (typeof MACHINE_NAMES)[number];

const policies = [l1tf, mmio()];

/** Machines that run KVM in the ways that matter to an SPTE, by a name that says which. */
export const machines: Readonly<Record<MachineName, MmuConfig>> = {
  'EPT with A/D': { host: { physBits: 46 }, vendor: vmx(), policies },
  'EPT without A/D': { host: { physBits: 46 }, vendor: vmx({ eptAd: false, pml: false }), policies },
  'EPT without A/D and without execute-only': {
    host: { physBits: 39 },
    vendor: vmx({ eptAd: false, eptExecOnly: false }),
    policies,
  },
  'EPT without A/D, L1TF': {
    host: { physBits: 39, cacheBits: 44, l1tf: true },
    vendor: vmx({ eptAd: false, eptExecOnly: false, pml: false }),
    policies,
  },
  'EPT with L1TF': { host: { physBits: 46, cacheBits: 44, l1tf: true }, vendor: vmx(), policies },
  'EPT, L1TF, small 46-bit cache': {
    host: { physBits: 46, cacheBits: 44, l1tf: true },
    vendor: vmx(),
    policies,
    root: { level: 5 },
  },
  'EPT with MKTME': { host: { physBits: 46, cpuid80000008Eax: 52 }, vendor: vmx(), policies },
  'EPT of five levels': { host: { physBits: 52 }, vendor: vmx(), policies, root: { level: 5 } },
  'EPT with debug assertions': {
    host: { physBits: 46 },
    vendor: vmx(),
    policies,
    params: { proveMmu: true },
  },
  'shadow paging on Intel with L1TF': {
    host: { physBits: 36, cacheBits: 44, l1tf: true },
    vendor: vmx({ ept: false }),
    policies,
  },
  NPT: { host: { physBits: 48 }, vendor: svm(), policies },
  'NPT with SME': {
    host: { physBits: 43, cpuid80000008Eax: 48, physicalMask: 0x7fff_ffff_ffffn },
    vendor: svm({
      smeMeMask: 1n << 47n,
      cpuid80000000Eax: MEMORY_ENCRYPTION_LEAF,
      cpuid8000001fEbx: 47,
      syscfg: SYSCFG_MEM_ENCRYPT,
    }),
    policies,
  },
  'NPT of five levels': { host: { physBits: 52 }, vendor: svm(), policies, root: { level: 5 } },
  'NPT that cannot cache MMIO': { host: { physBits: 52 }, vendor: svm(), policies },
  'shadow paging': { host: { physBits: 40 }, vendor: svm({ npt: false }), policies },
  'PAE shadow paging': { host: { physBits: 40 }, vendor: svm({ npt: false }), policies, root: { level: 3 } },
};

/** One release of each layout. */
export const KERNELS: readonly string[] = ['5.4', '5.10', '5.12', '6.1', '6.8', '6.12', '7.3'];

/** Whether a text, such as an argument of a command, is the name of one of the {@link machines}. */
function isMachineName(name: string): name is MachineName {
  return Object.hasOwn(machines, name);
}

/**
 * The MMU of one of the {@link machines}; as the reference kernel sees it, unless told otherwise.
 *
 * @throws RangeError when there is no machine of this name
 */
export function machine(name: string, change: Partial<MmuConfig> = {}): Mmu {
  if (!isMachineName(name)) throw new RangeError(`no machine ${JSON.stringify(name)}`);
  return createMmu({ ...machines[name], ...change });
}
