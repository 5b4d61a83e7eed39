// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  defineVariant,
  EPT,
  meMaskIsHosts,
  type Registry,
  type Setup,
  type Variant,
} from '@spte/core';
import { setMmioSpteMask } from '@spte/mmio';

const RWX = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;

/** Write and execute without read: no CPU accepts it, so that the access ends in an EPT misconfiguration. */
const MISCONFIG_WX = EPT.writable.mask | EPT.executable.mask;

/** What differs between kernels in the EPT masks. */
interface EptVariant {
  /** Bits that are in every present entry and in the mask of MMIO SPTEs: suppress-#VE. */
  readonly suppressVe: bigint;
  /** Whether accessed and dirty have their masks also where the CPU does not keep them. */
  readonly adBitsAlways: boolean;
  /** Whether read and user-execute are permissions of their own: then R is not part of "present" or "user". */
  readonly userExecutable: boolean;
}

export const eptVariant: Variant<EptVariant> = defineVariant<EptVariant>(
  'EPT masks',
  {
    since: '5.4',
    value: { suppressVe: 0n, adBitsAlways: false, userExecutable: false },
    change: 'present is R, or nothing with execute-only; user is R; MMIO is 6 under mask 7',
  },
  {
    since: '6.10',
    value: { suppressVe: EPT.suppressVe.mask, adBitsAlways: false, userExecutable: false },
    change: 'bit 63 (suppress #VE) is set in every present and every empty entry, and clear in MMIO ones',
  },
  {
    since: '6.13',
    value: { suppressVe: EPT.suppressVe.mask, adBitsAlways: true, userExecutable: false },
    change: 'accessed and dirty are bits 8 and 9 without hardware A/D too; a flag says whether it is used',
  },
  {
    since: '7.2',
    value: { suppressVe: EPT.suppressVe.mask, adBitsAlways: true, userExecutable: true },
    change: 'bit 10 (XU) allows user fetches; present is bit 63 alone and R comes from read access',
  },
);

/**
 * Puts every mask from legacy paging to EPT.
 *
 * @param hasAdBits whether the CPU keeps accessed and dirty bits in EPT entries (and `eptad` is on)
 * @param hasExecOnly whether the CPU knows execute-only entries: then, up to 7.1, no permission says "present"
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
  const { suppressVe, adBitsAlways, userExecutable } = eptVariant(setup.kernel);
  const readable = EPT.readable.mask;
  const xu = userExecutable ? EPT.userExecutable.mask : 0n;
  const ad = hasAdBits || adBitsAlways;
  const ept = assignMasks(registry, 'kvm_mmu_set_ept_masks', {
    user: userExecutable ? 0n : readable,
    accessed: ad ? EPT.accessed.mask : 0n,
    dirty: ad ? EPT.dirty.mask : 0n,
    kvmAdEnabled: hasAdBits,
    nx: 0n,
    x: EPT.executable.mask,
    xu,
    present: suppressVe | (hasExecOnly || userExecutable ? 0n : readable),
    memtype: EPT.memtype.mask | EPT.ignorePat.mask,
    accTrack: RWX | xu,
    hostWritable: layout.hostWritable.ept.mask,
    mmuWritable: layout.mmuWritable.ept.mask,
    ...(meMaskIsHosts(setup.kernel) && { meValue: 0n, meMask: 0n }),
  });
  return setMmioSpteMask(setup, ept, { value: MISCONFIG_WX, mask: RWX | suppressVe, access: 0n });
}
