// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, type Mmu, significantBits } from '@spte/core';

/**
 * The bits of a present entry at `level` that are a plain page frame number: no rule looks at them, so that one answer
 * holds for all entries that differ in nothing else. An address of 0 is no exception: what is not present for that reason
 * alone, an empty or a frozen entry, has no permission and is of no pattern of a present entry.
 */
export function pageFrameBits(mmu: Mmu, level: number): bigint {
  const { bit7Clear, bit7Set } = significantBits(mmu, level);
  return ADDRESS & ~(bit7Clear | bit7Set);
}
