// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  checkInteger,
  configureMmu,
  defineVendor,
  eptFormat,
  legacyFormat,
  meMaskIsHosts,
  readLegacyEntry,
  type Vendor,
} from '@spte/core';
import { setEptMasks } from './ept-masks.ts';
import { readEptEntry } from './ept-walk.ts';
import { vmxSetupMeSpteMask } from './memory-encryption.ts';
import { vmxGetMtMask } from './memtype.ts';
import { vmxVariants } from './variants.ts';

/** What the CPU offers to kvm-intel and what its parameters leave of that. */
export interface VmxOptions {
  /** Extended page tables; without, guests run on shadow page tables. True when absent. */
  readonly ept?: boolean;
  /** Accessed and dirty bits in EPT entries. True when absent. */
  readonly eptAd?: boolean;
  /** Execute-only EPT entries. True when absent. */
  readonly eptExecOnly?: boolean;
  /** Largest page of EPT, as a level: 1 = 4K, 2 = 2M, 3 = 1G. 3 when absent. */
  readonly eptMaxPageLevel?: number;
  /** Page modification logging; needs EPT with A/D. True when absent. */
  readonly pml?: boolean;
}

/** Entries of the page modification log. */
const PML_ENTRIES = 512;

/**
 * Intel: EPT, or shadow paging without it.
 *
 * @throws TypeError, RangeError when `eptMaxPageLevel` is not 1, 2 or 3
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const masksOf = (vendor: ReturnType<typeof vmx>) => createMmu({ host: { physBits: 46 }, vendor }).masks;
 * hex(masksOf(vmx()).accessed); // 0x100
 * hex(masksOf(vmx({ eptAd: false })).accessed); // 0x0
 * hex(masksOf(vmx({ ept: false })).nx); // 0x8000000000000000
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeSpte, pageRole, plainHost } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * // Without accessed and dirty bits in hardware KVM tracks accesses itself.
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx({ eptAd: false }) });
 * const role = pageRole({ adDisabled: true });
 * hex(makeSpte(mmu, plainHost, { role, gfn: 0x1000n, pfn: 0x455299n }).spte); // 0x610000455299877
 * ```
 */
export function vmx(options: VmxOptions = {}): Vendor {
  const { ept = true, eptAd = true, eptExecOnly = true, eptMaxPageLevel = 3, pml = true } = options;
  if (ept) checkInteger('eptMaxPageLevel', eptMaxPageLevel, 1, 3);
  return defineVendor({
    name: 'vmx',
    apiVersion: 1,
    variants: vmxVariants,
    format: ept ? eptFormat : legacyFormat,
    setup(setup, before) {
      let registry = ept ? setEptMasks(setup, before, eptAd, eptExecOnly) : before;
      if (!meMaskIsHosts(setup.kernel)) registry = vmxSetupMeSpteMask(setup, registry);
      registry = configureMmu(setup, registry, ept, eptMaxPageLevel);
      const cpuDirtyLogSize = pml && ept && eptAd ? PML_ENTRIES : 0;
      return assignMasks(registry, 'vmx_hardware_setup', { cpuDirtyLogSize });
    },
    getMtMask: vmxGetMtMask,
    // The guest's MTRRs are the host's to ask.
    dependsOn: { getMtMask: { of: vmxGetMtMask, gfn: false } },
    cpuReads: ept
      ? (mmu, spte, level) =>
          readEptEntry(mmu, spte, level, { execOnly: eptExecOnly, maxPageLevel: eptMaxPageLevel })
      : readLegacyEntry,
  });
}
