// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { PT } from '../cpu/entry-format.ts';
import { AD_DISABLED, mmuPresentMask } from '../kernel/layout.ts';
import { accessBits } from '../kernel/role.ts';
import type { Mmu } from '../mmu/contract.ts';
import { writer } from '../observe/observe.ts';
import { setPresent } from './present-bits.ts';

/**
 * Builds the SPTE that points to a lower table. It allows everything: the leaf decides.
 *
 * @param childPa physical address of the table, in bytes
 * @throws TypeError, RangeError when `childPa` is not a 64-bit word
 *
 * Kernel: `make_nonleaf_spte()`.
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeNonleafSpte } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * hex(makeNonleafSpte(mmu, 0x2c583e000n, false)); // 0x2c583e907
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeNonleafSpte } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * // The same table in two formats.
 * const host = { physBits: 46 };
 * hex(makeNonleafSpte(createMmu({ kernel: '6.8', host, vendor: vmx() }), 0x17a000n, false)); // 0x17a907
 * hex(makeNonleafSpte(createMmu({ kernel: '6.8', host, vendor: svm() }), 0x17a000n, false)); // 0x17a827
 * ```
 */
export function makeNonleafSpte(mmu: Mmu, childPa: bigint, adDisabled: boolean): bigint {
  const { masks, layout } = mmu;
  const { set } = writer(mmu, 'make_nonleaf_spte');
  let spte = set(mmuPresentMask(layout), 'every table is shadow-present');
  spte |= set(checkU64('childPa', childPa), 'the table below');
  spte |= setPresent(set, masks);
  if (accessBits(mmu.kernel).read !== 0)
    spte |= set(PT.present.mask, 'a table allows reads, the leaf decides');
  spte |= set(PT.writable.mask, 'a table allows writes, the leaf decides');
  spte |= set(masks.user, 'a table allows user access (EPT: reads), the leaf decides');
  spte |= set(masks.x | masks.xu, 'a table allows fetches, the leaf decides');
  spte |= set(masks.meValue, 'page tables are encrypted memory');
  spte |= adDisabled
    ? set(AD_DISABLED << layout.adType.shift, 'hardware keeps no A/D bits in this page')
    : set(masks.accessed, 'the CPU is about to walk the entry');
  return spte;
}
