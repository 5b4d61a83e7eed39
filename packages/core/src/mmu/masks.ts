// SPDX-License-Identifier: GPL-2.0-only

/**
 * What KVM decides at start-up and keeps in globals (`shadow_*_mask` and their neighbours).
 *
 * The `shadow` prefix is dropped and `_mask` too: `shadow_nx_mask` is `nx`.
 */
export interface Masks {
  /** Software bit: the page is writable in the host. */
  readonly hostWritable: bigint;
  /** Software bit: the SPTE may be made writable without mmu_lock. */
  readonly mmuWritable: bigint;
  /** Set to refuse fetches; 0 where a bit allows them instead. Never together with `x`. */
  readonly nx: bigint;
  /** Set to allow fetches; 0 where a bit refuses them instead. KVM takes 0 for "this is AMD". */
  readonly x: bigint;
  /** Set to allow user fetches where a bit of its own does that (EPT since 7.2); else 0. */
  readonly xu: bigint;
  /** User access; in EPT, where there is no such thing, readable (up to 7.1). */
  readonly user: bigint;
  /** Accessed bit; up to 6.12, 0 for EPT without A/D bits. */
  readonly accessed: bigint;
  /** Dirty bit; up to 6.12, 0 for EPT without A/D bits. */
  readonly dirty: bigint;
  /** Set in every entry that the CPU may walk; 0 for EPT that knows execute-only pages. */
  readonly present: bigint;
  /** Bits that may hold a memory type; 0 where the host's PAT entry 0 serves. */
  readonly memtype: bigint;
  /** Bits that are all clear while an entry is access-tracked; 0 where hardware keeps accessed bits. */
  readonly accTrack: bigint;
  /** An entry is MMIO when `(spte & mmioMask) === mmioValue`, if caching is enabled. */
  readonly mmioValue: bigint;
  readonly mmioMask: bigint;
  /** The value of this VM: `mmioValue` as it was when the VM was created, unless the VM chose another. */
  readonly vmMmioValue: bigint;
  /** The access bits that an MMIO SPTE remembers. */
  readonly mmioAccess: bigint;
  /** Memory-encryption bits that KVM sets in its entries (SME's C-bit). */
  readonly meValue: bigint;
  /** Every memory-encryption bit (the MKTME key id), set or not. */
  readonly meMask: bigint;
  /** L1TF: the address bits that are forced to one in a non-present entry. */
  readonly nonpresentOrRsvd: bigint;
  /** The gfn bits of an MMIO SPTE below those that L1TF moved. */
  readonly lowerGfn: bigint;
  /** Physical address bits without those that memory encryption takes. */
  readonly baseAddr: bigint;
  /** MAXPHYADDR as CPUID reports it, in bits; memory encryption not deducted. */
  readonly shadowPhysBits: number;
  /** Whether KVM uses MMIO SPTEs; follows `mmioValue`. */
  readonly enableMmioCaching: boolean;
  /** What the `mmio_caching` parameter said when kvm.ko was loaded. */
  readonly allowMmioCaching: boolean;
  /** Whether hardware keeps accessed and dirty bits. */
  readonly kvmAdEnabled: boolean;
  /** Whether the CPU walks the tables of the second dimension (EPT, NPT). */
  readonly tdpEnabled: boolean;
  /** Largest page that KVM maps, as a level: 1 = 4K, 2 = 2M, 3 = 1G. */
  readonly maxHugePageLevel: number;
  /** Entries of the CPU's dirty log (PML): 512, or 0 without. */
  readonly cpuDirtyLogSize: number;
}

/** Which step (a kernel function) set each mask last; `initial` before any did. */
export type SetBy = { readonly [Name in keyof Masks]: string };

/** The masks and where they come from: an immutable value that each step of the start-up replaces. */
export interface Registry {
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
  masks: Object.freeze(ZERO_MASKS),
  setBy: Object.freeze(
    Object.fromEntries(Object.keys(ZERO_MASKS).map((name) => [name, 'initial'])) as {
      [Name in keyof Masks]: string;
    },
  ),
});

/** A new registry with `values` written by `step`, the name of a kernel function. */
export function assignMasks(registry: Registry, step: string, values: Partial<Masks>): Registry {
  const written = Object.fromEntries(Object.keys(values).map((name) => [name, step])) as Partial<SetBy>;
  return Object.freeze({
    masks: Object.freeze({ ...registry.masks, ...values }),
    setBy: Object.freeze({ ...registry.setBy, ...written }),
  });
}
