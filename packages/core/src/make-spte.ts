// SPDX-License-Identifier: GPL-2.0-only
import { markSpteForAccessTrack } from './access-track.ts';
import { checkLevel, checkU32, checkU64 } from './arguments.ts';
import { hex, PAGE_SHIFT, u64 } from './bits.ts';
import { SPTE_DIAGNOSTICS } from './diagnostics.ts';
import { PT } from './entry-format.ts';
import type { Host } from './host.ts';
import { AD_DISABLED, AD_WRPROT_ONLY } from './layout.ts';
import type { Mmu } from './mmu.ts';
import { warn, writer } from './observe.ts';
import {
  isNxHugePageEnabled,
  isWritablePte,
  pageAdNeedWriteProtect,
  spAdDisabled,
  spteShadowAccessedMask,
  spteShadowDirtyMask,
} from './predicates.ts';
import { ACC_ALL, ACC_EXEC, ACC_USER, ACC_WRITE, type PageRole } from './role.ts';
import { getRsvdBits, isRsvdSpte } from './rsvd-bits.ts';

/** What a leaf SPTE is to map, and how. */
export interface MakeSpteRequest {
  /** The shadow page that the SPTE goes to; `level`, `adDisabled` and `guestMode` matter. */
  readonly role: PageRole;
  readonly gfn: bigint;
  readonly pfn: bigint;
  /** `ACC_*` bits (32 bits); all when absent. */
  readonly access?: number;
  /** The value that the new SPTE replaces; 0 when absent. */
  readonly oldSpte?: bigint;
  /** Whether nobody has asked for this gfn yet. */
  readonly prefetch?: boolean;
  /** Whether a shadowed guest table at this gfn may go out of sync instead of being write-protected. */
  readonly canUnsync?: boolean;
  /** Whether the page is writable in the host. */
  readonly hostWritable?: boolean;
}

/** A new leaf SPTE. */
export interface MadeSpte {
  readonly spte: bigint;
  /** Whether write access was asked for and refused, because the gfn must stay write-protected. */
  readonly wrprot: boolean;
}

/** Whether the host uses the pfn for a device, as far as any policy knows. */
function isMmioPfn({ policies }: Mmu, host: Host, pfn: bigint): boolean {
  return policies.some((policy) => policy.isMmioPfn?.(host, pfn));
}

/**
 * Builds a leaf SPTE.
 *
 * @throws TypeError, RangeError when a word of the request is not one, or the role has no such level
 *
 * Kernel: `make_spte()`.
 */
export function makeSpte(mmu: Mmu, host: Host, request: MakeSpteRequest): MadeSpte {
  const { role, prefetch = false, canUnsync = true, hostWritable = true } = request;
  const gfn = checkU64('gfn', request.gfn);
  const pfn = checkU64('pfn', request.pfn);
  const oldSpte = checkU64('oldSpte', request.oldSpte ?? 0n);
  const level = checkLevel('role.level', role.level);
  let access = checkU32('access', request.access ?? ACC_ALL);

  const { masks, layout, vendor } = mmu;
  const { set, clear } = writer(mmu, 'make_spte');
  let wrprot = false;

  if (access === 0 && masks.present === 0n) warn(mmu, SPTE_DIAGNOSTICS, 'make.no-access-no-present');

  let spte = set(layout.mmuPresent?.mask ?? 0n, 'every mapping is shadow-present');
  if (spAdDisabled(role)) {
    spte |= set(AD_DISABLED << layout.adType.shift, 'hardware keeps no A/D bits in this page');
  } else if (pageAdNeedWriteProtect(mmu, role)) {
    spte |= set(AD_WRPROT_ONLY << layout.adType.shift, "the CPU's dirty log cannot serve a nested guest");
  }

  spte |= set(masks.present, 'the CPU walks the entry');
  if (!prefetch) spte |= set(spteShadowAccessedMask(mmu, spte), 'the access that faulted is about to happen');

  if (level > 1 && (access & ACC_EXEC) !== 0 && isNxHugePageEnabled(mmu, host)) access &= ~ACC_EXEC;
  if ((access & ACC_EXEC) === 0)
    spte |= set(masks.nx, 'no fetches: not asked for, or iTLB-multihit mitigation');
  else spte |= set(masks.x, 'fetches are allowed');
  if ((access & ACC_USER) !== 0) spte |= set(masks.user, 'user access (EPT: reads) is allowed');

  if (level > 1) spte |= set(PT.pageSize.mask, 'maps a huge page');

  if (masks.memtype !== 0n && vendor.getMtMask !== undefined) {
    spte |= set(
      vendor.getMtMask(mmu, host, gfn, isMmioPfn(mmu, host, pfn)),
      'memory type, chosen by the vendor',
    );
  }
  if (hostWritable) spte |= set(masks.hostWritable, 'the host maps the page writable');
  else access &= ~ACC_WRITE;

  if (masks.meValue !== 0n && !isMmioPfn(mmu, host, pfn)) {
    spte |= set(masks.meValue, 'memory that is not a device is encrypted');
  }
  // Not cut to the address field: a pfn that is too large spoils the bits above it, as in the kernel.
  spte |= set(u64(pfn << PAGE_SHIFT), 'the page frame');

  if ((access & ACC_WRITE) !== 0) {
    spte |= set(PT.writable.mask, 'writes are allowed');
    spte |= set(masks.mmuWritable, 'nothing write-protects the page');
    // Over a writable entry, whatever it was, there is nothing to unsync and D is thought to be set.
    const wasWritable = isWritablePte(oldSpte);
    if (!wasWritable && host.tryToUnsyncPages(gfn, canUnsync, prefetch) !== 0) {
      wrprot = true;
      access &= ~ACC_WRITE;
      spte &= clear(PT.writable.mask | masks.mmuWritable);
    }
    if (!wasWritable && !wrprot) spte |= set(spteShadowDirtyMask(mmu, spte), 'a write is about to happen');
  }

  if (prefetch) spte = markSpteForAccessTrack(mmu, spte);

  if (isRsvdSpte(mmu.zeroCheck, spte, level)) {
    const rsvd = getRsvdBits(mmu.zeroCheck, spte, level);
    const msg = `spte = ${hex(spte)}, level = ${level}, rsvd bits = ${hex(rsvd)}`;
    warn(mmu, SPTE_DIAGNOSTICS, 'make.rsvd-bits', msg);
  }
  if (isWritablePte(spte) && host.dirtyLog(gfn)) {
    if (level > 1) warn(mmu, SPTE_DIAGNOSTICS, 'make.dirty-log-huge');
    host.markPageDirty(gfn);
  }
  return { spte, wrprot };
}
