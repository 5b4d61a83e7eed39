// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger, checkU32, checkU64 } from '../bits/arguments.ts';
import { bits } from '../bits/bits.ts';

/** What a machine is, as far as KVM's start-up asks. */
export interface HostFacts {
  /** Usable physical address bits (`boot_cpu_data.x86_phys_bits`): memory encryption is deducted. */
  readonly physBits: number;
  /** Physical address bits that the L1 cache looks at (`x86_cache_bits`). */
  readonly cacheBits: number;
  /** Whether the CPU has the L1TF bug. */
  readonly l1tf: boolean;
  /** Highest extended CPUID leaf (`boot_cpu_data.extended_cpuid_level`). */
  readonly extCpuidLevel: number;
  /** EAX of CPUID leaf 0x80000008: MAXPHYADDR in its low byte, nothing deducted. */
  readonly cpuid80000008Eax: number;
  /**
   * The kernel's `physical_mask`: address bits of a page table entry, without an SME C-bit. Absent, bits 51:0; of these
   * `createMmu()` leaves out the C-bit of the vendor.
   */
  readonly physicalMask: bigint;
  /** Whether the CPU maps 1G pages. */
  readonly gbpages: boolean;
}

/** Every bit of a physical address that an entry has room for. */
export const PHYSICAL_MASK: bigint = bits(51, 0);

/** The CPUID leaf of the address sizes, `MAXPHYADDR` among them. */
export const ADDRESS_SIZES_LEAF: number = 0x8000_0008;

/**
 * Fills in what follows from the rest: a machine without memory encryption, with 1G pages, whose cache looks at the
 * bits that CPUID reports.
 *
 * @throws TypeError, RangeError when a width is not an integer from 32 to 52 (63 for `cacheBits`)
 */
export function defineHost(facts: Partial<HostFacts> & Pick<HostFacts, 'physBits'>): HostFacts {
  const host: HostFacts = {
    cacheBits: facts.physBits,
    l1tf: false,
    extCpuidLevel: ADDRESS_SIZES_LEAF,
    cpuid80000008Eax: facts.physBits,
    physicalMask: PHYSICAL_MASK,
    gbpages: true,
    ...facts,
  };
  checkInteger('host.physBits', host.physBits, 32, 52);
  checkInteger('host.cacheBits', host.cacheBits, 32, 63);
  checkU32('host.extCpuidLevel', host.extCpuidLevel);
  checkU32('host.cpuid80000008Eax', host.cpuid80000008Eax);
  checkU64('host.physicalMask', host.physicalMask);
  checkInteger('MAXPHYADDR of host.cpuid80000008Eax', getShadowPhysBits(host), 32, 63);
  return host;
}

/**
 * MAXPHYADDR in bits, with those that memory encryption takes.
 *
 * Kernel: `kvm_get_shadow_phys_bits()`.
 */
export function getShadowPhysBits({ extCpuidLevel, cpuid80000008Eax, physBits }: HostFacts): number {
  return extCpuidLevel >= ADDRESS_SIZES_LEAF ? cpuid80000008Eax & 0xff : physBits;
}

/** What KVM asks of the running kernel and the VM while it builds SPTEs. A simulator or a test answers instead. */
export interface Host {
  /** Whether the pfn has a `struct page`. Kernel: `pfn_valid()`. */
  pfnValid(pfn: bigint): boolean;
  /** Whether the pfn is the shared zero page. Kernel: `is_zero_pfn()`. */
  isZeroPfn(pfn: bigint): boolean;
  /** Whether the page is reserved. Kernel: `PageReserved()`. */
  isReservedPfn(pfn: bigint): boolean;
  /** Kernel: `pat_enabled()`. */
  patEnabled(): boolean;
  /** Whether the host maps the pfn UC, UC- or WC. Kernel: `pat_pfn_immune_to_uc_mtrr()`. */
  patImmuneUc(pfn: bigint): boolean;
  /** Whether e820 has RAM within the bytes `start..end`, both included. Kernel: `e820__mapped_raw_any()`. */
  e820Ram(start: bigint, end: bigint): boolean;
  /** Whether a device that does not snoop caches is assigned. Kernel: `kvm_arch_has_noncoherent_dma()`. */
  noncoherentDma(): boolean;
  /** Whether the vCPU runs with caches disabled (CR0.CD). */
  cr0Cd(): boolean;
  /** Whether the VM has `KVM_X86_QUIRK_CD_NW_CLEARED`. */
  quirkCdNw(): boolean;
  /** Whether the VM has `KVM_X86_QUIRK_IGNORE_GUEST_PAT` (since 6.12.85 and 6.16). */
  quirkIgnoreGuestPat(): boolean;
  /** The guest's MTRR memory type (0..255) for a gfn. Kernel: `kvm_mtrr_get_guest_memory_type()`. */
  guestMtrr(gfn: bigint): number;
  /** 0 when the gfn may be mapped writable. Kernel: `mmu_try_to_unsync_pages()`. */
  tryToUnsyncPages(gfn: bigint, canUnsync: boolean, prefetch: boolean): number;
  /** Whether the memslot of the gfn is being dirty-logged. Kernel: `kvm_slot_dirty_track_enabled()`. */
  dirtyLog(gfn: bigint): boolean;
  /** Kernel: `mark_page_dirty_in_slot()`. */
  markPageDirty(gfn: bigint): void;
  /** The page was used. Kernel: `kvm_set_pfn_accessed()`. */
  setPfnAccessed(pfn: bigint): void;
  /** The page was written. Kernel: `kvm_set_pfn_dirty()`. */
  setPfnDirty(pfn: bigint): void;
  /** Whether the VM opted out of the iTLB-multihit mitigation. */
  nxHugePagesDisabled(): boolean;
  /** Whether the vCPU's root, or the VM, is known to map host MMIO. Kernel: `kvm_vcpu_can_access_host_mmio()`. */
  canAccessHostMmio(): boolean;
  /** Remembers that it does. Kernel: `kvm_track_host_mmio_mapping()`. */
  trackHostMmioMapping(): void;
  /** Raw memslot generation; bit 63 says that an update is in progress. */
  memslotGeneration(): bigint;
}

const ignore = (): void => undefined;

/** A plain VM: every pfn is RAM, nothing is write-tracked or logged, all DMA is coherent, generation 0. */
export const plainHost: Host = {
  pfnValid: () => true,
  isZeroPfn: () => false,
  isReservedPfn: () => false,
  patEnabled: () => true,
  patImmuneUc: () => false,
  e820Ram: () => true,
  noncoherentDma: () => false,
  cr0Cd: () => false,
  quirkCdNw: () => true,
  quirkIgnoreGuestPat: () => true,
  guestMtrr: () => 6,
  tryToUnsyncPages: () => 0,
  dirtyLog: () => false,
  markPageDirty: ignore,
  setPfnAccessed: ignore,
  setPfnDirty: ignore,
  nxHugePagesDisabled: () => false,
  canAccessHostMmio: () => false,
  trackHostMmioMapping: ignore,
  memslotGeneration: () => 0n,
};
