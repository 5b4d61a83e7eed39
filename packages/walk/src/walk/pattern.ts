// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, type Candidate, type Mmu, significantBits } from '@spte/core';

/**
 * The bits of a present entry at `level` that are a plain page frame number: no rule looks at them, so that one answer
 * holds for all entries that differ in nothing else. An address of 0 is no exception: what is not present for that reason
 * alone, an empty or a frozen entry, has no permission and is of no pattern of a present entry.
 *
 * @param others contexts beside that of the MMU in which entries are judged
 */
export function pageFrameBits(mmu: Mmu, level: number, others: readonly Candidate[] = []): bigint {
  return [mmu, ...others.map((other) => other.mmu)].reduce((left, one) => {
    const { bit7Clear, bit7Set } = significantBits(one, level);
    return left & ~(bit7Clear | bit7Set);
  }, ADDRESS);
}
