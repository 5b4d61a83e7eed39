// SPDX-License-Identifier: GPL-2.0-only
import {
  checkU32,
  checkU64,
  configureMmu,
  defineVendor,
  kernelHas,
  legacyFormat,
  meMaskIsHosts,
  readLegacyEntry,
  setMeSpteMask,
  type Vendor,
} from '@spte/core';
import { type MemoryEncryptionFacts, svmAdjustMmioMask } from './mmio-mask.ts';

/** What the CPU offers to kvm-amd and what its parameters leave of that. */
export interface SvmOptions extends MemoryEncryptionFacts {
  /** Nested page tables; without, guests run on shadow page tables. True when absent. */
  readonly npt?: boolean;
  /** The C-bit that the host sets in its own page tables (`sme_me_mask`); 0 without SME. */
  readonly smeMeMask?: bigint;
}

/** Largest page of NPT: 1G. */
const NPT_MAX_PAGE_LEVEL = 3;

/**
 * AMD: NPT, or shadow paging without it; both keep the legacy masks. There is no memory type hook: the host's PAT and
 * MTRRs apply.
 *
 * @throws TypeError, RangeError when an option is not of its width
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ host: { physBits: 43 }, vendor: svm({ smeMeMask: 1n << 47n }) });
 * hex(mmu.masks.meValue); // 0x800000000000
 * mmu.setBy.meValue; // kvm_mmu_set_me_spte_mask
 * createMmu({ host: { physBits: 43 }, vendor: svm({ npt: false }) }).masks.tdpEnabled; // false
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, judgeSpte } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() });
 * judgeSpte(mmu, 0x797fe67n, 1); // []
 * judgeSpte(mmu, 0x10000797fe67n, 1).map(({ code, bits }) => `${code} ${bits.join()}`); // [ 'reserved-bits 44' ]
 * ```
 */
export function svm(options: SvmOptions = {}): Vendor {
  const { npt = true, smeMeMask = 0n, ...facts } = options;
  checkU64('smeMeMask', smeMeMask);
  checkU64('syscfg', facts.syscfg ?? 0n);
  checkU32('cpuid80000000Eax', facts.cpuid80000000Eax ?? 0);
  checkU32('cpuid8000001fEbx', facts.cpuid8000001fEbx ?? 0);
  return defineVendor({
    name: 'svm',
    apiVersion: 1,
    format: legacyFormat,
    smeMeMask,
    setup(setup, before) {
      let registry = configureMmu(setup, before, npt, NPT_MAX_PAGE_LEVEL);
      if (!meMaskIsHosts(setup.kernel)) registry = setMeSpteMask(setup, registry, smeMeMask, smeMeMask);
      return kernelHas(setup.kernel, 'svm_adjust_mmio_mask')
        ? svmAdjustMmioMask(setup, registry, facts)
        : registry;
    },
    cpuReads: readLegacyEntry,
  });
}
