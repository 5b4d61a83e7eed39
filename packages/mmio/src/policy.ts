// SPDX-License-Identifier: GPL-2.0-only
import { assignMasks, definePolicy, type Policy, type SetupStep } from '@spte/core';
import { mmioBehaviours } from './behaviours.ts';
import { setLegacyMmioMask, setReservedBitMmioMask } from './mmio-mask.ts';
import { isMmioPfn } from './mmio-pfn.ts';
import { readMmioSpte } from './read.ts';
import { mmioVariants, mmioWithoutReservedBit } from './variants.ts';

/** Parameters of the MMIO policy. */
export interface MmioOptions {
  /** The `mmio_caching` parameter of kvm.ko; true when absent. */
  readonly mmioCaching?: boolean;
}

/**
 * Saves the parameter: what it says may change with each vendor load, what the user wanted does not.
 *
 * Kernel: `kvm_mmu_spte_module_init()`.
 */
export const snapshotMmioCaching: SetupStep = (_setup, registry) =>
  assignMasks(registry, 'kvm_mmu_spte_module_init', { allowMmioCaching: registry.masks.enableMmioCaching });

/** The topmost address bit of an entry, which is reserved unless the CPU has 52 physical bits. */
const TOP_ADDRESS_BIT = 51;

/**
 * Caching of MMIO in SPTEs: its parameter, its masks, and which pages are devices.
 *
 * @example
 * ```ts
 * import { createMmu, hex } from '@spte/core';
 * import { mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * hex(mmu.masks.mmioValue); // 0x6
 * const none = createMmu({ host: { physBits: 46 }, vendor: vmx(), policies: [mmio({ mmioCaching: false })] });
 * hex(none.masks.mmioValue); // 0x0
 * ```
 */
export function mmio({ mmioCaching = true }: MmioOptions = {}): Policy {
  return definePolicy({
    name: 'mmio',
    apiVersion: 2,
    variants: mmioVariants,
    behaviours: mmioBehaviours,
    parameters: { enableMmioCaching: mmioCaching },
    moduleInit: snapshotMmioCaching,
    resetLate(setup, registry) {
      if (registry.masks.shadowPhysBits <= TOP_ADDRESS_BIT) {
        return setReservedBitMmioMask(setup, registry, TOP_ADDRESS_BIT);
      }
      return setLegacyMmioMask(setup, registry, mmioWithoutReservedBit(setup.kernel));
    },
    isMmioPfn,
    read: readMmioSpte,
    dependsOn: { isMmioPfn: { of: isMmioPfn, pfn: false }, read: { of: readMmioSpte, address: 0n } },
  });
}
