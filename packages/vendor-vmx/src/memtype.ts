// SPDX-License-Identifier: GPL-2.0-only
import { defineVariant, EPT, type Host, rowSince, type Setup, u64, type Variant } from '@spte/core';

/** MTRR memory types, which EPT uses too. */
const UNCACHABLE = 0n;
const WRITE_BACK = 6n;

const IPAT = EPT.ignorePat.mask;

const typeBits = (type: bigint): bigint => u64(type << EPT.memtype.shift);

/** Whether the bits of a memory type are a byte; else a 64-bit word. */
export const memtypeIsByte: Variant<boolean> = defineVariant(
  'a guest MTRR with a type that does not exist',
  { since: '5.4', value: false, change: 'its bits above 2 reach into the entry above bit 7' },
  { since: '6.0', value: true, change: 'cut to bits 7:0 of the entry' },
);

/** What takes part in the memory type of RAM while a device that does not snoop is assigned, or none is. */
interface MemtypeVariant {
  /** Whether the guest's CR0.CD and MTRRs count. */
  readonly guestDecides: boolean;
  /** Whether the PAT is ignored when a quirk makes a vCPU with caches off write-back. */
  readonly quirkIgnoresPat: boolean;
  /** Whether user space may have the guest's PAT honoured though all DMA is coherent. */
  readonly patIsAQuirk: boolean;
}

const WRITE_BACK_ONLY = {
  value: { guestDecides: false, quirkIgnoresPat: false, patIsAQuirk: false },
  change: 'RAM is WB, with IPAT unless DMA is non-coherent; guest MTRRs and CR0.CD do not matter',
};
const PAT_IS_A_QUIRK = {
  value: { guestDecides: false, quirkIgnoresPat: false, patIsAQuirk: true },
  change:
    'RAM is WB, with IPAT unless DMA is non-coherent or the ignore-guest-PAT quirk, on by default, is off',
};

export const memtypeVariant: Variant<MemtypeVariant> = defineVariant<MemtypeVariant>(
  'memory type in EPT leaves',
  {
    since: '5.4',
    value: { guestDecides: true, quirkIgnoresPat: true, patIsAQuirk: false },
    change: 'with non-coherent DMA, guest MTRRs decide; CR0.CD gives UC or, by quirk, WB, both with IPAT',
  },
  {
    since: '6.7',
    value: { guestDecides: true, quirkIgnoresPat: false, patIsAQuirk: false },
    change: 'WB by quirk comes without IPAT',
  },
  rowSince('6.11', WRITE_BACK_ONLY),
  rowSince('6.12.85', PAT_IS_A_QUIRK),
  rowSince('6.13', WRITE_BACK_ONLY),
  rowSince('6.16', PAT_IS_A_QUIRK),
);

/**
 * Memory type bits of a leaf: devices are uncached; RAM is write-back whatever the guest says, unless a device that does not
 * snoop is assigned.
 *
 * Kernel: `vmx_get_mt_mask()`.
 */
export function vmxGetMtMask({ kernel }: Setup, host: Host, gfn: bigint, isMmio: boolean): bigint {
  if (isMmio) return typeBits(UNCACHABLE);
  const { guestDecides, quirkIgnoresPat, patIsAQuirk } = memtypeVariant(kernel);
  if (!host.noncoherentDma()) {
    return typeBits(WRITE_BACK) | (patIsAQuirk && !host.quirkIgnoreGuestPat() ? 0n : IPAT);
  }
  if (!guestDecides) return typeBits(WRITE_BACK);
  if (host.cr0Cd()) {
    return host.quirkCdNw()
      ? typeBits(WRITE_BACK) | (quirkIgnoresPat ? IPAT : 0n)
      : typeBits(UNCACHABLE) | IPAT;
  }
  const memtype = typeBits(BigInt(host.guestMtrr(gfn)));
  return memtypeIsByte(kernel) ? BigInt.asUintN(8, memtype) : memtype;
}
