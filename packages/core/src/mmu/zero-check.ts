// SPDX-License-Identifier: GPL-2.0-only

import {
  NO_RSVD_BITS,
  type RsvdBitsValidate,
  resetRsvdsBitsMask,
  resetRsvdsBitsMaskEpt,
  rsvdBits,
} from '../cpu/rsvd-bits.ts';
import type { KernelVersion } from '../kernel/kernel-version.ts';
import {
  eptReservesPageSize,
  nptHasNx,
  pdpteBit8Reserved,
  shadowGbpagesByTdp,
  shadowNx,
} from '../kernel/zero-check-variants.ts';
import { START_UP_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn } from '../observe/observe.ts';
import type { Setup } from './contract.ts';
import type { Registry } from './masks.ts';
import type { RootConfig } from './root.ts';

/** Address bits beyond MAXPHYADDR. Kernel: `reserved_hpa_bits()`. */
function reservedHpaBits({ masks }: Registry): bigint {
  return rsvdBits(masks.shadowPhysBits, 63);
}

/** The largest page whose size bit is not reserved in EPT: 1G where the kernel does not look at what the CPU has. */
function eptHugePageLevel(kernel: KernelVersion, { masks }: Registry): number {
  return eptReservesPageSize(kernel) ? masks.maxHugePageLevel : 3;
}

/** Changes the rows below the root; the rest of the table has no entries, or is not for memory encryption. */
function belowRoot(
  check: RsvdBitsValidate,
  rootLevel: number,
  change: (mask: bigint) => bigint,
): RsvdBitsValidate {
  const row = (masks: readonly bigint[]): bigint[] =>
    masks.map((mask, i) => (i < rootLevel ? change(mask) : mask));
  return { ...check, bit7Clear: row(check.bit7Clear), bit7Set: row(check.bit7Set) };
}

/** Kernel: `reset_tdp_shadow_zero_bits_mask()`. */
function tdpZeroCheck(setup: Setup, registry: Registry, root: RootConfig): RsvdBitsValidate {
  const { masks } = registry;
  if (!masks.tdpEnabled) warn(setup, START_UP_DIAGNOSTICS, 'zero-check.tdp-disabled');
  const paBitsRsvd = reservedHpaBits(registry);
  // The kernel has no better sign of AMD here than that fetches are refused, not allowed.
  const amd = masks.x === 0n;
  const check = amd
    ? resetRsvdsBitsMask({
        paBitsRsvd,
        level: root.level,
        nx: nptHasNx(setup.kernel),
        gbpages: setup.host.gbpages,
        pse: false,
        amd,
        bit8AtLevel3: pdpteBit8Reserved(setup.kernel),
      })
    : resetRsvdsBitsMaskEpt({
        paBitsRsvd,
        execOnly: false,
        hugePageLevel: eptHugePageLevel(setup.kernel, registry),
        xu: masks.xu,
      });
  return belowRoot(check, root.level, (mask) => mask & ~masks.meMask);
}

/** Whether entries of shadow paging may have NX. */
function shadowHasNx({ kernel }: Setup, { masks }: Registry, root: RootConfig): boolean {
  const { smepAndnotWp, withoutTdp } = shadowNx(kernel);
  return root.eferNx || (smepAndnotWp && root.smepAndnotWp) || (withoutTdp && !masks.tdpEnabled);
}

/** Kernel: `reset_shadow_zero_bits_mask()`. */
function shadowZeroCheck(setup: Setup, registry: Registry, root: RootConfig): RsvdBitsValidate {
  const { masks } = registry;
  if (root.level < 3) warn(setup, START_UP_DIAGNOSTICS, 'zero-check.root-level');
  const check = resetRsvdsBitsMask({
    paBitsRsvd: reservedHpaBits(registry),
    level: root.level,
    nx: shadowHasNx(setup, registry, root),
    gbpages: shadowGbpagesByTdp(setup.kernel) && masks.tdpEnabled ? setup.host.gbpages : root.guestGbpages,
    // KVM shadows 2-level tables with PAE ones, and uses bit 8 on no CPU.
    pse: false,
    amd: true,
    bit8AtLevel3: pdpteBit8Reserved(setup.kernel),
  });
  return belowRoot(check, root.level, (mask) => (mask | masks.meMask) & ~masks.meValue);
}

/**
 * The reserved bits of the SPTEs of one MMU, against which every new SPTE is checked.
 *
 * Kernel: `reset_tdp_shadow_zero_bits_mask()`, `reset_shadow_zero_bits_mask()`, `reset_ept_shadow_zero_bits_mask()`.
 */
export function buildShadowZeroCheck(setup: Setup, registry: Registry, root: RootConfig): RsvdBitsValidate {
  switch (root.kind) {
    case 'tdp':
      return tdpZeroCheck(setup, registry, root);
    case 'shadow':
      return shadowZeroCheck(setup, registry, root);
    case 'ept12':
      return resetRsvdsBitsMaskEpt({
        paBitsRsvd: reservedHpaBits(registry),
        execOnly: root.ept12ExecOnly,
        hugePageLevel: eptHugePageLevel(setup.kernel, registry),
        xu: registry.masks.xu,
      });
    case 'none':
      return NO_RSVD_BITS;
  }
}
