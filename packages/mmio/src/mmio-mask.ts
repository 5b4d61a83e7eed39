// SPDX-License-Identifier: GPL-2.0-only
import { assignMasks, bits, bug, PT, type Registry, type Setup, warn } from '@spte/core';
import { movedUp } from '@spte/l1tf';
import { MMIO_DIAGNOSTICS } from './diagnostics.ts';
import { frozenCollision } from './variants.ts';

/** How MMIO SPTEs are to be recognised. */
export interface MmioMask {
  /** `(spte & mask) === value` marks an MMIO SPTE; 0 switches caching off. */
  readonly value: bigint;
  readonly mask: bigint;
  /** The access bits that an MMIO SPTE remembers. */
  readonly access: bigint;
}

const U32 = bits(31, 0);

/**
 * Chooses how MMIO SPTEs are recognised. A value that cannot serve becomes 0, and MMIO is then not cached; mask and
 * access are stored in any case.
 *
 * @throws KvmBug `mmio-mask.access-too-wide`
 *
 * Kernel: `kvm_mmu_set_mmio_spte_mask()`.
 */
export function setMmioSpteMask(
  setup: Setup,
  registry: Registry,
  { value, mask, access }: MmioMask,
): Registry {
  const { masks } = registry;
  const { layout } = setup;
  const complain = (code: keyof typeof MMIO_DIAGNOSTICS): 0n => {
    warn(setup, MMIO_DIAGNOSTICS, code);
    return 0n;
  };

  if (layout.mmioMarker !== null)
    return setMarkedMmioValue(registry, { value, mask, access }, layout.mmioMarker.mask);
  if ((access & ~U32) !== 0n) bug(setup, MMIO_DIAGNOSTICS, 'mmio-mask.access-too-wide');
  if ((value & masks.lowerGfn) !== 0n) complain('mmio-mask.value-in-lower-gfn');

  let mmioValue = masks.allowMmioCaching ? value : 0n;
  if ((mask & ~layout.mmioAllowed) !== 0n) mmioValue = complain('mmio-mask.outside-allowed');
  // A value within the bits that L1TF moves would spoil the gfn (upstream commit 44aaa0150bfd).
  if ((mmioValue & movedUp(masks.nonpresentOrRsvd, masks.nonpresentOrRsvd)) !== 0n) {
    mmioValue = complain('mmio-mask.l1tf-collision');
  }
  if ((mmioValue & mask) !== mmioValue) mmioValue = complain('mmio-mask.value-not-in-mask');
  else if (mmioValue !== 0n && layout.frozen !== null && (layout.frozen & mask) === mmioValue) {
    mmioValue = complain(frozenCollision(setup.kernel));
  }

  return assignMasks(registry, 'kvm_mmu_set_mmio_spte_mask', {
    enableMmioCaching: masks.allowMmioCaching && mmioValue !== 0n,
    mmioValue,
    mmioMask: mask,
    mmioAccess: access,
  });
}

/** Up to 5.12 two bits mark MMIO SPTEs whatever the value is, so that caching cannot be off. */
function setMarkedMmioValue(registry: Registry, { value, mask, access }: MmioMask, marker: bigint): Registry {
  return assignMasks(registry, 'kvm_mmu_set_mmio_spte_mask', {
    enableMmioCaching: true,
    mmioValue: value | marker,
    mmioMask: mask | marker,
    mmioAccess: access,
  });
}

/** Address bits that a page table entry has. */
const ENTRY_PHYS_BITS = 52;

/** Access bits that an MMIO SPTE of legacy paging keeps. */
const LEGACY_ACCESS = PT.writable.mask | PT.user.mask;

/**
 * MMIO in legacy paging: a present entry with reserved address bits from `low` to 51, which faults with RSVD. Without
 * such a bit (`low` = 52) MMIO cannot be cached, and nothing may be left of the value (upstream commit 6129ed877d40).
 */
export function setReservedBitMmioMask(setup: Setup, registry: Registry, low: number): Registry {
  const mask = low < ENTRY_PHYS_BITS ? bits(ENTRY_PHYS_BITS - 1, low) | PT.present.mask : 0n;
  return setMmioSpteMask(setup, registry, { value: mask, mask, access: LEGACY_ACCESS });
}
