// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu, type MmuConfig } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';

export type MachineName =
  | 'EPT with A/D'
  | 'EPT without A/D'
  | 'EPT with MKTME'
  | 'EPT of five levels'
  | 'NPT'
  | 'NPT with SME'
  | 'NPT of five levels'
  | 'shadow paging'
  | 'PAE shadow paging';

const policies = [l1tf, mmio()];

/** Machines whose tables differ in what a walk looks at, by a name that says in what. */
export const machines: Readonly<Record<MachineName, MmuConfig>> = {
  'EPT with A/D': { host: { physBits: 46 }, vendor: vmx(), policies },
  'EPT without A/D': {
    host: { physBits: 40, cacheBits: 44, l1tf: true },
    vendor: vmx({ eptAd: false, pml: false }),
    policies,
  },
  'EPT with MKTME': { host: { physBits: 46, cpuid80000008Eax: 52 }, vendor: vmx(), policies },
  'EPT of five levels': { host: { physBits: 52 }, vendor: vmx(), policies, root: { level: 5 } },
  NPT: { host: { physBits: 40 }, vendor: svm(), policies },
  'NPT with SME': {
    host: { physBits: 43, cpuid80000008Eax: 48, physicalMask: 0x7fff_ffff_ffffn },
    vendor: svm({ smeMeMask: 1n << 47n }),
    policies,
  },
  'NPT of five levels': { host: { physBits: 52 }, vendor: svm(), policies, root: { level: 5 } },
  'shadow paging': { host: { physBits: 40 }, vendor: svm({ npt: false }), policies },
  'PAE shadow paging': { host: { physBits: 40 }, vendor: svm({ npt: false }), policies, root: { level: 3 } },
};

export const machineNames: readonly MachineName[] = Object.keys(machines) as MachineName[];

/** One release of each layout. */
export const KERNELS: readonly string[] = ['5.4', '5.10', '5.12', '6.1', '6.8', '6.12', '7.3'];

/** The MMU of one of the machines. */
export function machine(name: MachineName, change: Partial<MmuConfig> = {}): Mmu {
  return createMmu({ ...machines[name], ...change });
}
