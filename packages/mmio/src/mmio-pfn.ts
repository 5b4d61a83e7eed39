// SPDX-License-Identifier: GPL-2.0-only
import { type Host, PAGE_SHIFT, u64 } from '@spte/core';

/**
 * Whether a page frame is a device's rather than memory. A reserved page that the host maps write-back (an NVDIMM's)
 * is memory.
 *
 * @param known the answer, where it was found before (a kernel since 6.17 asks once per SPTE)
 *
 * Kernel: `kvm_is_mmio_pfn()`.
 */
export function isMmioPfn(host: Host, pfn: bigint, known?: boolean): boolean {
  if (known !== undefined) return known;
  if (host.pfnValid(pfn)) {
    return !host.isZeroPfn(pfn) && host.isReservedPfn(pfn) && (!host.patEnabled() || host.patImmuneUc(pfn));
  }
  const start = u64(pfn << PAGE_SHIFT);
  const end = u64(((pfn + 1n) << PAGE_SHIFT) - 1n);
  return !host.e820Ram(start, end);
}
