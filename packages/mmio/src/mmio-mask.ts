// SPDX-License-Identifier: GPL-2.0-only
import { assignMasks, bits, bug, mmioCaching, PT, type Registry, type Setup, warn } from '@spte/core';
import { movedUp } from '@spte/l1tf';
import { MMIO_DIAGNOSTICS } from './diagnostics.ts';
import { type MmioMaskCode, mmioMaskChecks } from './variants.ts';

/** How MMIO SPTEs are to be recognised. */
export interface MmioMask {
  /** `(spte & mask) === value` marks an MMIO SPTE; 0 switches caching off. */
  readonly value: bigint;
  readonly mask: bigint;
  /** The access bits that an MMIO SPTE remembers. */
  readonly access: bigint;
}

const U32 = bits(31, 0);

/** Tells what is wrong with a mask, by the code of the complaint. */
const FAULTS: Readonly<
  Record<MmioMaskCode, (candidate: MmioMask, setup: Setup, registry: Registry) => boolean>
> = {
  'mmio-mask.access-too-wide': ({ access }) => (access & ~U32) !== 0n,
  'mmio-mask.value-in-lower-gfn': ({ value }, _setup, { masks }) => (value & masks.lowerGfn) !== 0n,
  'mmio-mask.outside-allowed': ({ mask }, { layout }) => (mask & ~layout.mmioAllowed) !== 0n,
  // It would spoil the gfn (upstream commit 44aaa0150bfd).
  'mmio-mask.l1tf-collision': ({ value }, _setup, { masks: { nonpresentOrRsvd } }) =>
    (value & movedUp(nonpresentOrRsvd, nonpresentOrRsvd)) !== 0n,
  'mmio-mask.value-not-in-mask': ({ value, mask }) => (value & mask) !== value,
  'mmio-mask.removed-collision': wouldMatchFrozen,
  'mmio-mask.frozen-collision': wouldMatchFrozen,
};

function wouldMatchFrozen({ value, mask }: MmioMask, { layout: { frozen } }: Setup): boolean {
  return value !== 0n && frozen !== null && (frozen & mask) === value;
}

/**
 * Chooses how MMIO SPTEs are recognised. A value that cannot serve becomes 0 (since 5.13), and MMIO is then not cached;
 * mask and access are stored in any case.
 *
 * @throws KvmBug `mmio-mask.access-too-wide`; up to 5.4, `mmio-mask.value-not-in-mask`
 *
 * Kernel: `kvm_mmu_set_mmio_spte_mask()`.
 */
export function setMmioSpteMask(setup: Setup, registry: Registry, wanted: MmioMask): Registry {
  const { masks } = registry;
  const { mask, access } = wanted;
  const { bugs, warns, zeroes } = mmioMaskChecks(setup.kernel);
  const { parameter, saved, cleared } = mmioCaching(setup.kernel);
  const isWrong = (code: MmioMaskCode, value: bigint): boolean =>
    FAULTS[code]({ ...wanted, value }, setup, registry);

  for (const code of bugs) if (isWrong(code, wanted.value)) bug(setup, MMIO_DIAGNOSTICS, code);
  for (const code of warns) if (isWrong(code, wanted.value)) warn(setup, MMIO_DIAGNOSTICS, code);

  const caching = !parameter || (saved ? masks.allowMmioCaching : masks.enableMmioCaching);
  let value = caching ? wanted.value : 0n;
  for (const code of zeroes) {
    if (!isWrong(code, value)) continue;
    warn(setup, MMIO_DIAGNOSTICS, code);
    value = 0n;
  }
  // Up to 5.12 two bits mark MMIO SPTEs beside the value.
  const marker = setup.layout.mmioMarker?.mask ?? 0n;
  return assignMasks(registry, 'kvm_mmu_set_mmio_spte_mask', {
    enableMmioCaching: caching && (!cleared || value !== 0n),
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
  return setLegacyMmioMask(setup, registry, mask);
}

/** MMIO in legacy paging: an entry with all bits of `mask`. */
export function setLegacyMmioMask(setup: Setup, registry: Registry, mask: bigint): Registry {
  return setMmioSpteMask(setup, registry, { value: mask, mask, access: LEGACY_ACCESS });
}
