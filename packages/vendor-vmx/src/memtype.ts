// SPDX-License-Identifier: GPL-2.0-only
import { byKernel, EPT, type Host, type Setup } from '@spte/core';

/** MTRR memory types, which EPT uses too. */
const UNCACHABLE = 0n;
const WRITE_BACK = 6n;

const IPAT = EPT.ignorePat.mask;
const typeBits = (type: bigint): bigint => BigInt.asUintN(8, type << EPT.memtype.shift);

/** What a vCPU with caches off gets: the kernel no longer ignores the guest's PAT once the quirk says write-back. */
const cachesOff = byKernel({ since: '5.4', quirkIgnoresPat: true }, { since: '6.7', quirkIgnoresPat: false });

/**
 * Memory type bits (8 of them) of a leaf: devices are uncached; RAM is write-back whatever the guest says, unless a
 * device that does not snoop is assigned.
 *
 * Kernel: `vmx_get_mt_mask()`, v6.6 and v6.7 to v6.10.
 */
export function vmxGetMtMask({ kernel }: Setup, host: Host, gfn: bigint, isMmio: boolean): bigint {
  if (isMmio) return typeBits(UNCACHABLE);
  if (!host.noncoherentDma()) return typeBits(WRITE_BACK) | IPAT;
  if (host.cr0Cd()) {
    if (!host.quirkCdNw()) return typeBits(UNCACHABLE) | IPAT;
    return typeBits(WRITE_BACK) | (cachesOff(kernel).quirkIgnoresPat ? IPAT : 0n);
  }
  return typeBits(BigInt(host.guestMtrr(gfn)));
}
