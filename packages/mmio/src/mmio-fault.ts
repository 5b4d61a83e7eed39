// SPDX-License-Identifier: GPL-2.0-only
import {
  getRsvdBits,
  type Host,
  hex,
  isMmioSpte,
  isRsvdSpte,
  isShadowPresentPte,
  logPrefixes,
  type Mmu,
  printk,
  retPf,
  type TraceLine,
  trace,
  warn,
} from '@spte/core';
import { MMIO_DIAGNOSTICS } from './diagnostics.ts';
import { checkMmioSpte, getMmioSpteAccess, getMmioSpteGfn } from './mmio-spte.ts';
import { reservedDump } from './variants.ts';

const EINVAL = 22;

/** The SPTEs that translate an address, from the root down. */
export interface SpteWalk {
  /** Level of the root. */
  readonly root: number;
  /** Level of the last entry; negative when there is no walk. */
  readonly leaf: number;
  /** The entry at each level from root to leaf. */
  readonly spteAt: (level: number) => bigint;
}

/** A fault that may be an MMIO access. */
export interface MmioFault {
  /** Faulting address in bytes: a gpa for a direct MMU, else the guest's virtual address. */
  readonly addr: bigint;
  /** Whether the MMU maps gpas (TDP) rather than guest-virtual addresses. */
  readonly direct: boolean;
  /** Whether the vCPU's MMIO cache holds the address. */
  readonly cached: boolean;
  readonly walk: SpteWalk;
}

/** What the vCPU remembers of its last MMIO access. */
export interface MmioCache {
  /** The address as the fault reported it, or 0 for a direct MMU; the vCPU compares pages. */
  readonly addr: bigint;
  readonly gfn: bigint;
  readonly access: bigint;
}

/** How a fault on an MMIO address ends. */
export interface HandledMmioFault {
  /** `RET_PF_EMULATE`, `_INVALID` or `_RETRY` as this kernel numbers them, or -22 when present SPTEs have reserved bits. */
  readonly ret: number;
  /** What the MMIO cache was filled with. */
  readonly mmioCache?: MmioCache;
}

/** Kernel: `trace_handle_mmio_page_fault()`. */
export function traceHandleMmioPageFault(addr: bigint, gfn: bigint, access: bigint): TraceLine {
  return {
    event: 'handle_mmio_page_fault',
    line: `addr:${addr.toString(16)} gfn ${gfn.toString(16)} access ${access.toString(16)}`,
  };
}

/** Writes the entries of a walk to the kernel log. */
function dumpWalk(mmu: Mmu, addr: bigint, { spteAt }: SpteWalk, levels: readonly number[]): void {
  const { by, rsvdBits } = reservedDump(mmu.kernel);
  const line = (text: string): void => printk(mmu, `${logPrefixes(mmu.kernel).printk}${text}`);
  line(
    rsvdBits
      ? `${by}: reserved bits set on MMU-present spte, addr ${hex(addr)}, hierarchy:`
      : `${by}: detect reserved bits on spte, addr ${hex(addr)}, dump hierarchy:`,
  );
  for (const level of levels) {
    const spte = spteAt(level);
    line(
      rsvdBits
        ? `------ spte = ${hex(spte)} level = ${level}, rsvd bits = ${hex(getRsvdBits(mmu.zeroCheck, spte, level))}`
        : `------ spte ${hex(spte)} level ${level}.`,
    );
  }
}

/** The last SPTE of a walk; null after complaining in the log about reserved bits. Kernel: `get_mmio_spte()`. */
function getMmioSpte(mmu: Mmu, addr: bigint, walk: SpteWalk): bigint | null {
  const { root, leaf, spteAt } = walk;
  if (leaf < 0) return 0n;
  const all = Array.from({ length: Math.max(root - leaf + 1, 0) }, (_, i) => root - i);
  const isPresent = (level: number): boolean => isShadowPresentPte(mmu, spteAt(level));
  // MMIO at the end has reserved bits by design.
  const whole = isPresent(leaf) ? all : all.slice(0, -1);
  const { rsvdBits } = reservedDump(mmu.kernel);
  const absent = all.findIndex((level) => !isPresent(level));
  const checked = rsvdBits || absent < 0 ? whole : all.slice(0, absent);
  if (!checked.some((level) => isRsvdSpte(mmu.zeroCheck, spteAt(level), level))) return spteAt(leaf);
  dumpWalk(mmu, addr, walk, rsvdBits ? whole : all);
  return null;
}

/**
 * Decides what a fault with the MMIO signature is: an access to emulate, one to look up anew, or one that another CPU
 * resolved meanwhile.
 *
 * Kernel: `handle_mmio_page_fault()`.
 */
export function handleMmioPageFault(
  mmu: Mmu,
  host: Host,
  { addr, direct, cached, walk }: MmioFault,
): HandledMmioFault {
  const { EMULATE, INVALID, RETRY } = retPf(mmu.kernel);
  if (cached) return { ret: EMULATE };
  const spte = getMmioSpte(mmu, addr, walk);
  if (spte === null) {
    warn(mmu, MMIO_DIAGNOSTICS, 'mmio-fault.reserved');
    return { ret: -EINVAL };
  }
  if (!isMmioSpte(mmu, spte)) return { ret: RETRY };
  if (!checkMmioSpte(mmu, host, spte)) return { ret: INVALID };

  const gfn = getMmioSpteGfn(mmu, spte);
  const access = getMmioSpteAccess(mmu, spte);
  const virtual = direct ? 0n : addr;
  trace(mmu, traceHandleMmioPageFault(virtual, gfn, access));
  return { ret: EMULATE, mmioCache: { addr: virtual, gfn, access } };
}
