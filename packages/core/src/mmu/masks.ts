// SPDX-License-Identifier: GPL-2.0-only
import { CORE, type CoreCopy, checkCore } from './core-copy.ts';

/**
 * What KVM decides at start-up and keeps in globals (`shadow_*_mask` and their neighbours); {@link MASK_MEANINGS} says
 * what each is for.
 *
 * The `shadow` prefix is dropped and `_mask` too: `shadow_nx_mask` is `nx`.
 */
export interface Masks {
  readonly hostWritable: bigint;
  readonly mmuWritable: bigint;
  /** Never together with `x`. */
  readonly nx: bigint;
  /** KVM takes 0 for "this is AMD". */
  readonly x: bigint;
  readonly xu: bigint;
  readonly user: bigint;
  readonly accessed: bigint;
  readonly dirty: bigint;
  readonly present: bigint;
  readonly memtype: bigint;
  readonly accTrack: bigint;
  /** An entry is MMIO when `(spte & mmioMask) === mmioValue`, if caching is enabled. */
  readonly mmioValue: bigint;
  readonly mmioMask: bigint;
  /** `mmioValue` as it was when the VM was created, unless the VM chose another. */
  readonly vmMmioValue: bigint;
  readonly mmioAccess: bigint;
  readonly meValue: bigint;
  readonly meMask: bigint;
  readonly nonpresentOrRsvd: bigint;
  readonly lowerGfn: bigint;
  readonly baseAddr: bigint;
  /** In bits. */
  readonly shadowPhysBits: number;
  readonly enableMmioCaching: boolean;
  readonly allowMmioCaching: boolean;
  readonly kvmAdEnabled: boolean;
  readonly tdpEnabled: boolean;
  /** A level, 1..3. */
  readonly maxHugePageLevel: number;
  readonly cpuDirtyLogSize: number;
}

/** What each mask is for, in a line. */
export const MASK_MEANINGS: Readonly<Record<keyof Masks, string>> = {
  hostWritable: 'Software bit: the page is writable in the host.',
  mmuWritable: 'Software bit: the SPTE may be made writable without mmu_lock.',
  nx: 'Set to refuse fetches; 0 where a bit allows them instead.',
  x: 'Set to allow fetches; 0 where a bit refuses them instead.',
  xu: 'Set to allow user fetches where a bit of its own does that (EPT since 7.2); else 0.',
  user: 'User access; in EPT, where there is no such thing, readable (up to 7.1).',
  accessed: 'Accessed bit; up to 6.12, 0 for EPT without A/D bits.',
  dirty: 'Dirty bit; up to 6.12, 0 for EPT without A/D bits.',
  present:
    'Set in every present entry: P, or R in EPT without execute-only pages; suppress-#VE in EPT since 6.10.',
  memtype: "Bits that may hold a memory type; 0 where the host's PAT entry 0 serves.",
  accTrack: 'Bits that are all clear while an entry is access-tracked; 0 where hardware keeps accessed bits.',
  mmioValue: 'An entry is MMIO when its bits under mmioMask equal this value.',
  mmioMask: 'The bits in which an MMIO entry is recognised.',
  vmMmioValue: 'The MMIO value of this VM: mmioValue as it was when the VM was created.',
  mmioAccess: 'The access bits that an MMIO SPTE remembers.',
  meValue: "Memory-encryption bits that KVM sets in its entries: SME's C-bit.",
  meMask: 'Every memory-encryption bit, set or not: the MKTME key id too.',
  nonpresentOrRsvd: 'L1TF: the address bits that are forced to one in an entry that is not present.',
  lowerGfn: 'The gfn bits of an MMIO SPTE below those that L1TF moved.',
  baseAddr: 'Physical address bits without those that memory encryption takes.',
  shadowPhysBits: 'MAXPHYADDR as CPUID reports it; memory encryption not deducted.',
  enableMmioCaching: 'Whether KVM uses MMIO SPTEs; follows mmioValue.',
  allowMmioCaching: 'What the mmio_caching parameter said when kvm.ko was loaded.',
  kvmAdEnabled: 'Whether hardware keeps accessed and dirty bits.',
  tdpEnabled: 'Whether the CPU walks the tables of the second dimension (EPT, NPT).',
  maxHugePageLevel: 'Largest page that KVM maps, as a level: 1 = 4K, 2 = 2M, 3 = 1G.',
  cpuDirtyLogSize: "Entries of the CPU's dirty log (PML): 512, or 0 without.",
};

/** Which step (a kernel function) set each mask last; `initial` before any did. */
export type SetBy = { readonly [Name in keyof Masks]: string };

/** The masks and where they come from: an immutable value that each step of the start-up replaces. */
export interface Registry {
  /** The copy of core that made it. */
  readonly core: CoreCopy;
  readonly masks: Masks;
  readonly setBy: SetBy;
}

/** The globals as they stand before any code of KVM ran. */
const ZERO_MASKS: Masks = {
  hostWritable: 0n,
  mmuWritable: 0n,
  nx: 0n,
  x: 0n,
  xu: 0n,
  user: 0n,
  accessed: 0n,
  dirty: 0n,
  present: 0n,
  memtype: 0n,
  accTrack: 0n,
  mmioValue: 0n,
  mmioMask: 0n,
  vmMmioValue: 0n,
  mmioAccess: 0n,
  meValue: 0n,
  meMask: 0n,
  nonpresentOrRsvd: 0n,
  lowerGfn: 0n,
  baseAddr: 0n,
  shadowPhysBits: 0,
  enableMmioCaching: false,
  allowMmioCaching: false,
  kvmAdEnabled: false,
  tdpEnabled: false,
  maxHugePageLevel: 0,
  cpuDirtyLogSize: 0,
};

/** A registry in which no step has run. */
export const initialRegistry: Registry = Object.freeze({
  core: CORE,
  masks: Object.freeze(ZERO_MASKS),
  setBy: Object.freeze(
    Object.fromEntries(Object.keys(ZERO_MASKS).map((name) => [name, 'initial'])) as {
      [Name in keyof Masks]: string;
    },
  ),
});

/**
 * A new registry with `values` written by `step`, the name of a kernel function.
 *
 * @throws TypeError (`SPTE_TWO_CORES`) for a registry of another version of core
 */
export function assignMasks(registry: Registry, step: string, values: Partial<Masks>): Registry {
  checkCore(registry);
  const written = Object.fromEntries(Object.keys(values).map((name) => [name, step])) as Partial<SetBy>;
  return Object.freeze({
    core: CORE,
    masks: Object.freeze({ ...registry.masks, ...values }),
    setBy: Object.freeze({ ...registry.setBy, ...written }),
  });
}
