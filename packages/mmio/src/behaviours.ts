// SPDX-License-Identifier: GPL-2.0-only
import { accessBits, allAccess, type Behaviour } from '@spte/core';
import { makeMmioSpte } from './mmio-spte.ts';

/** What comparisons try of the rules of this package. */
export const mmioBehaviours: readonly Behaviour[] = [
  {
    name: 'mmio',
    meaning: 'a gfn without memory, in memslot generation 0x12345',
    rule: 'make_mmio_spte',
    level: 1,
    run: (mmu, host, { gfn }) =>
      makeMmioSpte(
        mmu,
        { ...host, memslotGeneration: () => 0x12345n },
        gfn,
        allAccess(accessBits(mmu.kernel)),
      ),
  },
];
