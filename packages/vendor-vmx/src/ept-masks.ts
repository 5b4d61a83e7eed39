// SPDX-License-Identifier: GPL-2.0-only
import { assignMasks, EPT, type Registry, type Setup } from '@spte/core';
import { setMmioSpteMask } from '@spte/mmio';

const RWX = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;

/** Write and execute without read: no CPU accepts it, so that the access ends in an EPT misconfiguration. */
const MISCONFIG_WX = EPT.writable.mask | EPT.executable.mask;

/**
 * Puts every mask from legacy paging to EPT.
 *
 * @param hasAdBits whether the CPU keeps accessed and dirty bits in EPT entries (and `eptad` is on)
 * @param hasExecOnly whether the CPU knows execute-only entries: then no bit says "present"
 *
 * Kernel: `kvm_mmu_set_ept_masks()`.
 */
export function setEptMasks(
  setup: Setup,
  registry: Registry,
  hasAdBits: boolean,
  hasExecOnly: boolean,
): Registry {
  const { layout } = setup;
  const ept = assignMasks(registry, 'kvm_mmu_set_ept_masks', {
    user: EPT.readable.mask,
    accessed: hasAdBits ? EPT.accessed.mask : 0n,
    dirty: hasAdBits ? EPT.dirty.mask : 0n,
    nx: 0n,
    x: EPT.executable.mask,
    present: hasExecOnly ? 0n : EPT.readable.mask,
    memtype: EPT.memtype.mask | EPT.ignorePat.mask,
    accTrack: RWX,
    hostWritable: layout.hostWritable.ept.mask,
    mmuWritable: layout.mmuWritable.ept.mask,
  });
  return setMmioSpteMask(setup, ept, { value: MISCONFIG_WX, mask: RWX, access: 0n });
}
