// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { Evidence, Origin } from './evidence.ts';
import type { Mode, VendorName } from './mode.ts';

/** The part of evidence that is said of a machine, and not of an entry. */
export type MachineEvidence = Pick<Evidence, 'kernel' | 'vendor' | 'mode' | 'facts' | 'origin'>;

/** How an MMU is used. */
export function modeOf({ root, masks, vendor }: Mmu): Mode {
  if (root.kind === 'ept12') return 'ept12';
  if (!masks.tdpEnabled || root.kind !== 'tdp') return 'shadow';
  return vendor.name === 'vmx' ? 'ept' : 'npt';
}

/** The vendor, where it is one whose bugs are known. */
function vendorOf({ vendor: { name } }: Mmu): VendorName | null {
  return name === 'vmx' || name === 'svm' ? name : null;
}

/**
 * What the MMU that entries are read with says of their machine.
 *
 * @param kernel how its kernel is known
 * @param machine how vendor and mode are known; the less sure of the two
 *
 * @example
 * ```ts
 * import { createMmu } from '@spte/core';
 * import { machineEvidence } from '@spte/errata';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '5.18', host: { physBits: 48 }, vendor: svm() });
 * const { vendor, mode, origin } = machineEvidence(mmu, 'given', 'read');
 * [vendor, mode, origin]; // [ 'svm', 'npt', 'read' ]
 * ```
 */
export function machineEvidence(mmu: Mmu, kernel: Origin, machine: Origin): MachineEvidence {
  const { masks, host, root } = mmu;
  const vendor = vendorOf(mmu);
  const narrowed = (host.cpuid80000008Eax & 0xff) > host.physBits;
  return {
    kernel: { release: mmu.kernel, origin: kernel },
    ...(vendor !== null && { vendor }),
    mode: modeOf(mmu),
    facts: {
      mmioCaching: masks.enableMmioCaching,
      encryption: masks.meMask !== 0n || narrowed,
      l1tf: host.l1tf,
      physBits: host.physBits,
      levels: root.level,
    },
    origin: machine,
  };
}
