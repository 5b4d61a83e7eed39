// SPDX-License-Identifier: GPL-2.0-only

import { checkLevel, checkU32, checkU64 } from '../bits/arguments.ts';
import { hex, PAGE_SHIFT, u64 } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { getRsvdBits, isRsvdSpte } from '../cpu/rsvd-bits.ts';
import { AD_DISABLED, AD_WRPROT_ONLY, mmuPresentMask } from '../kernel/layout.ts';
import {
  logsNewWritable,
  makeSpteWarns,
  makingWritable,
  pfnQuestions,
  synchronizingKeepsAccessed,
  writableOldSpte,
} from '../kernel/make-spte-variants.ts';
import { accessBits, allAccess, type PageRole } from '../kernel/role.ts';

import type { Mmu } from '../mmu/contract.ts';
import { checkCore } from '../mmu/core-copy.ts';
import type { Host } from '../mmu/host.ts';
import { callHook } from '../mmu/plugin-error.ts';
import { MAKE_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn, writer } from '../observe/observe.ts';
import { markSpteForAccessTrack } from './access-track.ts';
import {
  accessedMaskOf,
  dirtyMaskOf,
  isLastSpte,
  isNxHugePageEnabled,
  isWritablePte,
  pageAdNeedWriteProtect,
  spAdDisabled,
} from './predicates.ts';
import { setPresent, setSoftware } from './present-bits.ts';

/** What a leaf SPTE is to map, and how. */
export interface MakeSpteRequest {
  /** The shadow page that the SPTE goes to; `level`, `adDisabled` and `guestMode` matter. */
  readonly role: PageRole;
  readonly gfn: bigint;
  readonly pfn: bigint;
  /** Access bits of this kernel (32 bits, see {@link accessBits}); all when absent. */
  readonly access?: number;
  /** The value that the new SPTE replaces; an empty one when absent. */
  readonly oldSpte?: bigint;
  /** Whether the gfn has not been asked for yet. */
  readonly prefetch?: boolean;
  /**
   * Whether a shadowed guest table at this gfn may go out of sync instead of being write-protected; false while KVM
   * synchronizes (the argument is `synchronizing` since 6.13).
   */
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

/** Tells whether the host uses the pfn for a device, as far as any policy knows. */
function mmioPfnClassifier({ policies, kernel }: Mmu, host: Host, pfn: bigint): () => boolean {
  const ask = (): boolean =>
    policies.some(
      ({ name, isMmioPfn }) =>
        isMmioPfn !== undefined && callHook(name, 'isMmioPfn', () => isMmioPfn(host, pfn)),
    );
  if (!pfnQuestions(kernel).once) return ask;
  let answer: boolean | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** The vendor's memory type; none where it has no say. */
function memtypeOf(mmu: Mmu, host: Host, gfn: bigint, isMmio: boolean): bigint {
  const { name, getMtMask } = mmu.vendor;
  if (getMtMask === undefined) return 0n;
  return callHook(name, 'getMtMask', () => checkU64('its answer', getMtMask(mmu, host, gfn, isMmio)));
}

/** Whether an old SPTE is writable in a way that the new one in its place needs no unsync attempt. */
function isAlreadyWritable({ kernel }: Mmu, oldSpte: bigint, level: number, canUnsync: boolean): boolean {
  const { whileSynchronizing, leaf } = writableOldSpte(kernel);
  if (whileSynchronizing && canUnsync) return false;
  return isWritablePte(oldSpte) && (!leaf || isLastSpte(oldSpte, level));
}

/**
 * Builds a leaf SPTE.
 *
 * @throws TypeError, RangeError when a word of the request is not one, or the role has no such level
 *
 * Kernel: `make_spte()`.
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeSpte, pageRole, plainHost } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * const request = { role: pageRole(), gfn: 0x1000n, pfn: 0x455299n };
 * hex(makeSpte(mmu, plainHost, request).spte); // 0x600000455299b77
 * // The gfn must stay write-protected: no W, no MMU-writable, no D.
 * hex(makeSpte(mmu, { ...plainHost, tryToUnsyncPages: () => -1 }, request).spte); // 0x200000455299975
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeSpte, pageRole, plainHost } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * // With nx_huge_pages only small pages may be executed.
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm(), params: { nxHugePages: true } });
 * const at = (level: number) => makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0x200n, pfn: 0x400n });
 * hex(at(2).spte); // 0x8000000000400ee7
 * hex(at(1).spte); // 0x400e67
 * ```
 */
export function makeSpte(mmu: Mmu, host: Host, request: MakeSpteRequest): MadeSpte {
  checkCore(mmu);
  const { role, prefetch = false, canUnsync = true, hostWritable = true } = request;
  const { masks, layout, kernel } = mmu;
  const acc = accessBits(kernel);
  const gfn = checkU64('gfn', request.gfn);
  const pfn = checkU64('pfn', request.pfn);
  const oldSpte = checkU64('oldSpte', request.oldSpte ?? layout.empty);
  const level = checkLevel('role.level', role.level);
  let access = checkU32('access', request.access ?? allAccess(acc));

  const { set, clear } = writer(mmu, 'make_spte');
  const isMmioPfn = mmioPfnClassifier(mmu, host, pfn);
  // To synchronize a page with the guest's is to find entries that were in use, which is why none may be unsynced.
  const unused = prefetch && (canUnsync || !synchronizingKeepsAccessed(kernel));
  const asks = pfnQuestions(kernel);
  const warns = makeSpteWarns(kernel);
  let wrprot = false;
  let tracked = unused;

  if (warns.noAccess && (BigInt(access) | masks.present) === layout.empty) {
    warn(mmu, MAKE_DIAGNOSTICS, 'make.no-access-no-present');
  }

  let spte = set(mmuPresentMask(layout), 'every mapping is shadow-present');
  if (spAdDisabled(role)) {
    spte |= set(AD_DISABLED << layout.adType.shift, 'hardware keeps no A/D bits in this page');
  } else if (pageAdNeedWriteProtect(mmu, role)) {
    spte |= set(
      (AD_WRPROT_ONLY << layout.adType.shift) & layout.adType.mask,
      "the CPU's dirty log cannot serve a nested guest",
    );
  }

  spte |= setPresent(set, masks);
  if (!unused) spte |= set(accessedMaskOf(mmu, spte), 'the page is, or is about to be, accessed');

  // The iTLB-multihit mitigation takes fetches away from huge pages, users' too where they have a bit of their own.
  const executable = level === 1 || !isNxHugePageEnabled(mmu, host);
  if (!executable) access &= ~acc.exec;
  if ((access & acc.exec) === 0) {
    spte |= set(masks.nx, 'no fetches: not asked for, or iTLB-multihit mitigation');
  } else {
    spte |= set(masks.x, 'fetches are allowed');
  }
  if ((access & acc.read) !== 0) spte |= set(PT.present.mask, 'reads are allowed');
  if ((access & acc.user) !== 0) {
    spte |= set(masks.user, 'user access (EPT up to 7.1: reads) is allowed');
    if (executable) spte |= set(masks.xu, 'user fetches are allowed');
  }

  if (level > 1) spte |= set(PT.pageSize.mask, 'maps a huge page');

  if (asks.underTdp ? masks.tdpEnabled : masks.memtype !== 0n) {
    const isMmio = isMmioPfn();
    spte |= set(memtypeOf(mmu, host, gfn, isMmio), 'memory type, chosen by the vendor');
  }
  if (hostWritable) {
    spte |= set(masks.hostWritable, 'the host maps the page writable');
  } else {
    access &= ~acc.write;
  }

  if ((asks.unencrypted || masks.meValue !== 0n) && !isMmioPfn()) {
    spte |= set(masks.meValue, 'memory that is not a device is encrypted');
  }
  for (const extension of mmu.extensions) spte |= setSoftware(set, extension, 'leaf');
  // Not cut to the address field: a pfn that is too large spoils the bits above it, as in the kernel.
  spte |= set(u64(pfn << PAGE_SHIFT), 'the page frame');

  for (const { name, hooks } of mmu.extensions) {
    const { leafBits } = hooks;
    if (leafBits === undefined) continue;
    const leaf = { role, gfn, pfn, spte };
    spte |= callHook(name, 'leafBits', () => checkU64('its answer', leafBits(mmu, host, leaf, set)));
  }

  if ((access & acc.write) !== 0) {
    const { together, skipsTracking } = makingWritable(kernel);
    const alreadyWritable = isAlreadyWritable(mmu, oldSpte, level, canUnsync);
    wrprot = !alreadyWritable && host.tryToUnsyncPages(gfn, canUnsync, prefetch) !== 0;
    tracked &&= !(alreadyWritable && skipsTracking);
    if (!wrprot) {
      spte |= set(PT.writable.mask, 'writes are allowed');
      spte |= set(masks.mmuWritable, 'nothing write-protects the page');
      if (!alreadyWritable || together) {
        spte |= set(dirtyMaskOf(mmu, spte), 'a write is about to happen');
      }
    } else if (!together) {
      spte &= clear(PT.writable.mask | masks.mmuWritable);
    }
  }

  if (tracked) spte = markSpteForAccessTrack(mmu, spte);

  if (warns.reservedBits && isRsvdSpte(mmu.zeroCheck, spte, level)) {
    const rsvd = getRsvdBits(mmu.zeroCheck, spte, level);
    const msg = `spte = ${hex(spte)}, level = ${level}, rsvd bits = ${hex(rsvd)}`;
    warn(mmu, MAKE_DIAGNOSTICS, 'make.rsvd-bits', msg);
  }
  if (logsNewWritable(kernel) && isWritablePte(spte) && host.dirtyLog(gfn)) {
    if (level > 1) warn(mmu, MAKE_DIAGNOSTICS, 'make.dirty-log-huge');
    host.markPageDirty(gfn);
  }
  if (mmu.params.clearCpuBufVmMmio && !host.canAccessHostMmio() && isMmioPfn()) host.trackHostMmioMapping();
  return { spte, wrprot };
}
