// SPDX-License-Identifier: GPL-2.0-only
import { isMmioSpte, type Mmu, PAGE_SHIFT, type PolicyReading } from '@spte/core';
import { movedUp, withinReach } from '@spte/l1tf';
import { getMmioSpteGeneration } from './generation.ts';
import { getMmioSpteAccess } from './mmio-spte.ts';

/**
 * Takes an MMIO SPTE apart; null when the entry is not one.
 *
 * @example
 * ```ts
 * import { createMmu, plainHost } from '@spte/core';
 * import { makeMmioSpte, mmio, readMmioSpte } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * readMmioSpte(mmu, makeMmioSpte(mmu, plainHost, 0xfec00n, 7))?.gfn; // 1043456n
 * readMmioSpte(mmu, 0x600000455299b77n); // null
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, plainHost } from '@spte/core';
 * import { makeMmioSpte, mmio, readMmioSpte } from '@spte/mmio';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm(), policies: [mmio()] });
 * const host = { ...plainHost, memslotGeneration: () => 0x12n };
 * const reading = readMmioSpte(mmu, makeMmioSpte(mmu, host, 0xfee00n, 7));
 * reading?.fields.map(({ name }) => name); // [ 'mmioValue', 'mmioAccess', 'mmioGeneration', 'l1tfGuard', 'mmioGpa' ]
 * ```
 */
export function readMmioSpte(mmu: Mmu, spte: bigint): PolicyReading | null {
  if (!isMmioSpte(mmu, spte)) return null;
  const { masks, layout } = mmu;
  const gpa = withinReach(masks, spte);
  const access = getMmioSpteAccess(mmu, spte);
  const generation = getMmioSpteGeneration(mmu, spte);
  const { low, high } = layout.mmioGeneration;
  const moved = movedUp(masks.nonpresentOrRsvd, masks.nonpresentOrRsvd);
  const marker = layout.mmioMarker?.mask ?? 0n;
  return {
    kind: 'mmio',
    gfn: gpa >> PAGE_SHIFT,
    gpa,
    access,
    generation,
    fields: [
      {
        name: 'mmioValue',
        mask: masks.mmioMask | marker,
        value: spte & (masks.mmioMask | marker),
        meaning: 'makes the access fault in a way that only MMIO does',
      },
      {
        name: 'mmioAccess',
        mask: masks.mmioAccess,
        value: access,
        meaning: 'access that the guest asked for',
      },
      {
        name: 'mmioGeneration',
        mask: low.mask | high.mask,
        value: generation,
        meaning: 'memslot generation in which this is MMIO',
      },
      {
        name: 'l1tfGuard',
        mask: masks.nonpresentOrRsvd,
        value: spte & masks.nonpresentOrRsvd,
        meaning: 'L1TF: KVM sets all of these: an address that no cached memory has',
      },
      {
        name: 'mmioGpa',
        mask: masks.lowerGfn | moved,
        value: gpa,
        meaning: 'guest physical address of the page',
      },
    ],
  };
}
