// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, fieldValue } from '../bits/bit-field.ts';
import { PAGE_SHIFT } from '../bits/bits.ts';
import { EPT, PT } from '../cpu/entry-format.ts';
import { AD_DISABLED, AD_ENABLED, type Layout } from '../kernel/layout.ts';
import { nxHugePagesOptOut, writeProtectsWithoutLog } from '../kernel/make-spte-variants.ts';
import type { PageRole } from '../kernel/role.ts';
import { mmioCaching } from '../kernel/start-up-variants.ts';
import { softwareAdBits } from '../kernel/variants.ts';
import { locklesslyWritable, volatileBits } from '../kernel/writable-variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { Host } from '../mmu/host.ts';
import { PREDICATE_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn } from '../observe/observe.ts';

// The predicates and getters of spte.h that rules and readers ask in every kernel; functions that only some kernels have
// are in kernel-predicates.ts. Each looks at bits only and answers for any 64-bit value; unless a function says otherwise,
// the answer means something for a shadow-present SPTE only.

/** Debug builds complain when a question about a present SPTE is asked of another; before 5.13, of an MMIO SPTE. */
function provePresent(mmu: Mmu, spte: bigint, code: keyof typeof PREDICATE_DIAGNOSTICS): void {
  if (!mmu.params.proveMmu) return;
  const fits = mmu.layout.mmuPresent === null ? !isMmioSpte(mmu, spte) : isShadowPresentPte(mmu, spte);
  if (!fits) warn(mmu, PREDICATE_DIAGNOSTICS, code);
}

/** The field that alone makes an MMIO SPTE; null where a value and a mask do. */
export function loneMmioMarker({ mmioMarker, mmioMarkerAlone }: Layout): BitField<'mmioMarker'> | null {
  return mmioMarkerAlone ? mmioMarker : null;
}

/**
 * Whether the entry caches "this gfn is MMIO". Kernel: `is_mmio_spte()`.
 *
 * @example
 * ```ts
 * import { createMmu, isMmioSpte, plainHost } from '@spte/core';
 * import { makeMmioSpte, mmio } from '@spte/mmio';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [mmio()] });
 * isMmioSpte(mmu, makeMmioSpte(mmu, plainHost, 0xfec00n, 7)); // true
 * isMmioSpte(mmu, 0x600000455299b77n); // false
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, isMmioSpte } from '@spte/core';
 * import { mmio } from '@spte/mmio';
 * import { svm } from '@spte/vendor-svm';
 *
 * // Where all 52 address bits exist, no reserved bit is left to mark MMIO with: nothing is MMIO.
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 52 }, vendor: svm(), policies: [mmio()] });
 * isMmioSpte(mmu, 0x8000000fee00027n); // false
 * ```
 */
export function isMmioSpte(mmu: Mmu, spte: bigint): boolean {
  const { masks, layout } = mmu;
  const marker = loneMmioMarker(layout);
  if (marker !== null) return (spte & marker.mask) === marker.mask;
  return (spte & masks.mmioMask) === masks.vmMmioValue && isMmioCached(mmu);
}

/** Whether KVM remembers in SPTEs which gfns are MMIO. */
export function isMmioCached({ masks, kernel }: Mmu): boolean {
  return mmioCaching(kernel).cleared ? masks.enableMmioCaching : masks.vmMmioValue !== 0n;
}

/** Whether the entry is a table or a mapping, not empty, MMIO or frozen. Kernel: `is_shadow_present_pte()`. */
export function isShadowPresentPte(mmu: Mmu, spte: bigint): boolean {
  const { mmuPresent } = mmu.layout;
  if (mmuPresent !== null) return (spte & mmuPresent.mask) !== 0n;
  return spte !== 0n && !isMmioSpte(mmu, spte) && !isFrozen(mmu, spte);
}

/** Whether a CPU is changing the entry right now; never, where no value says so. */
export function isFrozen({ layout }: Mmu, spte: bigint): boolean {
  return spte === layout.frozen;
}

/** Whether bit 7 says that the entry maps a huge page. Kernel: `is_large_pte()`. */
export function isLargePte(spte: bigint): boolean {
  return (spte & PT.pageSize.mask) !== 0n;
}

/** Whether the entry at `level` maps a page instead of pointing to a table. Kernel: `is_last_spte()`. */
export function isLastSpte(spte: bigint, level: number): boolean {
  return level === 1 || isLargePte(spte);
}

/** Whether fetches are allowed, be it only a user's. */
export function isExecutable({ masks }: Mmu, spte: bigint): boolean {
  return (spte & (masks.x | masks.xu | masks.nx)) !== masks.nx;
}

/** Whether fetches are allowed that are not a user's. Up to 7.1 that is `is_executable_pte()`. */
export function isSupervisorExecutable({ masks }: Mmu, spte: bigint): boolean {
  return (spte & (masks.x | masks.nx)) === masks.x;
}

/** Whether the CPU may write through the entry now. Kernel: `is_writable_pte()`. */
export function isWritablePte(spte: bigint): boolean {
  return (spte & PT.writable.mask) !== 0n;
}

/** Whether the guest may write: since 5.17, whether a write fault may make the entry writable without mmu_lock. */
export function isMmuWritable({ masks }: Mmu, spte: bigint): boolean {
  return (spte & masks.mmuWritable) !== 0n;
}

/**
 * Whether the pages of a guest have a role that says: hardware keeps no accessed and dirty bits here.
 *
 * Kernel: `role.ad_disabled`, as `kvm_calc_tdp_mmu_root_page_role()` sets it.
 */
export function isAdDisabled(mmu: Mmu): boolean {
  return mmu.root.kind === 'tdp' && !mmu.masks.kvmAdEnabled;
}

/** Whether hardware keeps no accessed and dirty bits in this page. Kernel: `sp_ad_disabled()`. */
export function spAdDisabled(role: PageRole): boolean {
  return role.adDisabled;
}

function adType({ layout }: Mmu, spte: bigint): bigint {
  return fieldValue(spte, layout.adType);
}

/** Whether hardware keeps accessed and dirty bits in this entry. Kernel: `spte_ad_enabled()`. */
export function spteAdEnabled(mmu: Mmu, spte: bigint): boolean {
  provePresent(mmu, spte, 'ad-enabled.not-present');
  return adType(mmu, spte) !== AD_DISABLED;
}

/** Whether dirty logging must write-protect instead of clearing D. Kernel: `spte_ad_need_write_protect()`. */
export function spteAdNeedWriteProtect(mmu: Mmu, spte: bigint): boolean {
  provePresent(mmu, spte, 'ad-wrprot.not-present');
  return adType(mmu, spte) !== AD_ENABLED;
}

/** Whether the SPTEs of a page must be write-protected to log writes. Kernel: `kvm_mmu_page_ad_need_write_protect()`. */
export function pageAdNeedWriteProtect({ masks, kernel }: Mmu, role: PageRole): boolean {
  // The CPU logs nested guests' writes with their own addresses, so its log is of no use for them. Without a log no
  // entry may say so: PAE reserves the bits of the type (upstream commit 44ac5958a6c1).
  return role.guestMode && (masks.cpuDirtyLogSize !== 0 || writeProtectsWithoutLog(kernel));
}

/** The accessed bit of this entry; up to 6.12, 0 when hardware keeps none. */
export function accessedMaskOf(mmu: Mmu, spte: bigint): bigint {
  if (softwareAdBits(mmu.kernel)) return mmu.masks.accessed;
  provePresent(mmu, spte, 'accessed-mask.not-present');
  return spteAdEnabled(mmu, spte) ? mmu.masks.accessed : 0n;
}

/** The dirty bit of this entry; up to 6.12, 0 when hardware keeps none. */
export function dirtyMaskOf(mmu: Mmu, spte: bigint): bigint {
  if (softwareAdBits(mmu.kernel)) return mmu.masks.dirty;
  provePresent(mmu, spte, 'dirty-mask.not-present');
  return spteAdEnabled(mmu, spte) ? mmu.masks.dirty : 0n;
}

/** Whether permissions were taken away so that the next access faults. Kernel: `is_access_track_spte()`. */
export function isAccessTrackSpte(mmu: Mmu, spte: bigint): boolean {
  return !spteAdEnabled(mmu, spte) && (spte & mmu.masks.accTrack) === 0n;
}

/** Whether the page was used since this was last cleared. Kernel: `is_accessed_spte()`. */
export function isAccessedSpte(mmu: Mmu, spte: bigint): boolean {
  const accessedMask = accessedMaskOf(mmu, spte);
  return accessedMask === 0n ? !isAccessTrackSpte(mmu, spte) : (spte & accessedMask) !== 0n;
}

/** Whether the page may have been written since this was last cleared. */
export function isDirty(mmu: Mmu, spte: bigint): boolean {
  const dirtyMask = dirtyMaskOf(mmu, spte);
  return (spte & (dirtyMask === 0n ? PT.writable.mask : dirtyMask)) !== 0n;
}

/** The page frame that a leaf maps, or that holds the next table. Kernel: `spte_to_pfn()`. */
export function spteToPfn({ masks }: Mmu, spte: bigint): bigint {
  return (spte & masks.baseAddr) >> PAGE_SHIFT;
}

/** Whether huge pages of this VM must not be executable. Kernel: `is_nx_huge_page_enabled()`. */
export function isNxHugePageEnabled({ params, kernel }: Mmu, host: Host): boolean {
  return params.nxHugePages && !(nxHugePagesOptOut(kernel) && host.nxHugePagesDisabled());
}

/**
 * Whether a write fault may make the entry writable without mmu_lock, as this kernel tells it.
 *
 * Kernel: `spte_can_locklessly_be_made_writable()`, which is `is_mmu_writable_spte()` since 5.18.
 */
export function isLocklesslyWritable(mmu: Mmu, spte: bigint): boolean {
  const { hostWritable, mmuWritable } = mmu.masks;
  const needs = locklesslyWritable(mmu.kernel);
  if (needs.warns) {
    const contradiction = writableContradiction(mmu, spte);
    if (contradiction !== null) warn(mmu, PREDICATE_DIAGNOSTICS, `lockless.${contradiction}`);
  }
  const wanted = mmuWritable | (needs.hostWritable ? hostWritable : 0n);
  return (spte & wanted) === wanted;
}

/**
 * Whether other CPUs may change the SPTE while mmu_lock is held, so that it must be updated atomically. Since 5.18 the
 * entry must be shadow-present.
 *
 * Kernel: `spte_has_volatile_bits()`, `spte_needs_atomic_update()` since 6.16.
 */
export function spteHasVolatileBits(mmu: Mmu, spte: bigint): boolean {
  const counts = volatileBits(mmu.kernel);
  if (counts.presentOnly && !isShadowPresentPte(mmu, spte)) return false;
  if (isLocklesslyWritable(mmu, spte) && (counts.writable || !isWritablePte(spte))) return true;
  if (!counts.everyAdDisabled && isAccessTrackSpte(mmu, spte)) return true;
  if (!spteAdEnabled(mmu, spte)) return counts.everyAdDisabled;
  const { accessed, dirty } = mmu.masks;
  if (counts.accessed && (spte & accessed) === 0n) return true;
  return isWritablePte(spte) && (spte & dirty) === 0n;
}

/** How writable bits contradict each other: MMU-writable needs host-writable, W needs MMU-writable. */
export function writableContradiction(
  mmu: Mmu,
  spte: bigint,
): 'mmu-without-host-writable' | 'hw-writable-without-mmu-writable' | null {
  if (isMmuWritable(mmu, spte)) {
    return (spte & mmu.masks.hostWritable) === 0n ? 'mmu-without-host-writable' : null;
  }
  return isWritablePte(spte) ? 'hw-writable-without-mmu-writable' : null;
}

/**
 * Whether a guest could get a #VE for the entry, where EPT entries are to suppress it. An MMIO SPTE is safe: its
 * misconfiguration comes first.
 */
export function isVePossible({ masks }: Mmu, spte: bigint): boolean {
  const suppressVe = EPT.suppressVe.mask;
  if ((masks.present & suppressVe) === 0n || (spte & suppressVe) !== 0n) return false;
  const { readable, writable, executable } = EPT;
  const misconfigWx = writable.mask | executable.mask;
  return (spte & (readable.mask | misconfigWx)) !== misconfigWx;
}

/** The largest gfn that a guest can have. */
export function maxGfnOf({ masks }: Mmu): bigint {
  const gpaBits = masks.tdpEnabled ? BigInt(masks.shadowPhysBits) : SHADOW_PAGING_GPA_BITS;
  return (1n << (gpaBits - PAGE_SHIFT)) - 1n;
}

/** What four-level guest tables can address, whatever the host. */
const SHADOW_PAGING_GPA_BITS = 52n;
