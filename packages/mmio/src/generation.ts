// SPDX-License-Identifier: GPL-2.0-only
import { checkU64, type Mmu, u64, warn } from '@spte/core';
import { MMIO_DIAGNOSTICS } from './diagnostics.ts';

/** Set in a memslot generation while the memslots are being changed; never enters an SPTE. */
export const GEN_UPDATE_IN_PROGRESS: bigint = 1n << 63n;

/**
 * The bits that hold a memslot generation in an MMIO SPTE; what does not fit is cut off.
 *
 * ```
 *  gen  18          8 7      0
 *      ├─────────────┼────────┤
 *       62 ..  52      10 .. 3    bits of the SPTE (5.13 to 7.1)
 * ```
 *
 * @throws TypeError, RangeError when `gen` is not a 64-bit word
 *
 * Kernel: `generation_mmio_spte_mask()`.
 */
export function generationMmioSpteMask(mmu: Mmu, gen: bigint): bigint {
  const { low, high, lowShift, highShift, mask } = mmu.layout.mmioGeneration;
  if ((checkU64('gen', gen) & ~mask) !== 0n) warn(mmu, MMIO_DIAGNOSTICS, 'mmio.gen-out-of-range');
  return ((gen << lowShift) & low.mask) | (u64(gen << highShift) & high.mask);
}

/** The generation that an MMIO SPTE holds. Kernel: `get_mmio_spte_generation()`. */
export function getMmioSpteGeneration({ layout }: Mmu, entry: bigint): bigint {
  const { mmioMarker: marker, mmioGeneration } = layout;
  const { low, high, lowShift, highShift } = mmioGeneration;
  // Early 5.4.y kept the generation where the marker is, which is no part of it.
  const spte = marker === null ? entry : entry & ~marker.mask;
  return ((spte & low.mask) >> lowShift) | ((spte & high.mask) >> highShift);
}
