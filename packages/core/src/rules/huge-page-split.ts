// SPDX-License-Identifier: GPL-2.0-only

import { checkInteger, checkLevel, checkU64 } from '../bits/arguments.ts';
import { PAGE_SHIFT, pagesPerHpage, u64 } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { checkKernelHas } from '../kernel/kernel-functions.ts';
import { accessBits, type PageRole } from '../kernel/role.ts';
import { badSplit, splitTakesExecAway } from '../kernel/variants.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { Host } from '../mmu/host.ts';
import { SPLIT_DIAGNOSTICS } from '../observe/diagnostics.ts';
import { warn, writer } from '../observe/observe.ts';
import { markSpteForAccessTrack, restoreAccTrackSpte } from './access-track.ts';
import { isAccessTrackSpte, isLargePte, isNxHugePageEnabled, isShadowPresentPte } from './predicates.ts';

/**
 * Changes protections of an SPTE. In a tracked SPTE it is the saved permissions that change.
 *
 * @throws TypeError, RangeError when `before` is not a 64-bit word, or the kernel has no such function
 *
 * Kernel: `modify_spte_protections()`, since 6.13; the same steps stand in `make_spte_executable()` before.
 */
export function modifySpteProtections(mmu: Mmu, before: bigint, setBits: bigint, clearBits: bigint): bigint {
  checkKernelHas(mmu.kernel, 'modify_spte_protections');
  return withProtections(mmu, before, setBits, clearBits);
}

function withProtections(mmu: Mmu, before: bigint, setBits: bigint, clearBits: bigint): bigint {
  const { set, clear } = writer(mmu, 'modify_spte_protections');
  const tracked = isAccessTrackSpte(mmu, checkU64('before', before));
  if (mmu.params.proveMmu && (setBits & clearBits) !== 0n)
    warn(mmu, SPLIT_DIAGNOSTICS, 'modify.set-clear-overlap');
  let spte = tracked ? restoreAccTrackSpte(mmu, before) : before;
  spte |= set(setBits, 'protections as the new page has them');
  spte &= clear(clearBits);
  return tracked ? markSpteForAccessTrack(mmu, spte) : spte;
}

/**
 * Allows exactly the fetches that `access` (access bits of this kernel) asks for.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word, or the kernel has no such function
 *
 * Kernel: `change_spte_executable()`, since 7.2.
 */
export function changeSpteExecutable(mmu: Mmu, spte: bigint, access: number): bigint {
  checkKernelHas(mmu.kernel, 'change_spte_executable');
  return withFetches(mmu, spte, access);
}

function withFetches(mmu: Mmu, spte: bigint, access: number): bigint {
  const { nx, x, xu } = mmu.masks;
  const { exec, user } = accessBits(mmu.kernel);
  const wanted = ((access & exec) === 0 ? nx : x) | ((access & user) === 0 ? 0n : xu);
  return withProtections(mmu, spte, wanted, (nx | x | xu) & ~wanted);
}

/**
 * Allows fetches.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word, or the kernel has no such function
 *
 * Kernel: `make_spte_executable()`, from 5.18 to 7.1.
 */
export function makeSpteExecutable(mmu: Mmu, spte: bigint): bigint {
  checkKernelHas(mmu.kernel, 'make_spte_executable');
  const { exec, user } = accessBits(mmu.kernel);
  return withFetches(mmu, spte, exec | user);
}

const INT_MAX = 0x7fff_ffff;

/**
 * Builds one of the SPTEs that together map what a huge SPTE mapped.
 *
 * @param role role of the page that the new SPTE goes to: its level is one below the huge page's
 * @param index which part of the huge page, 0..511 in practice (any 32-bit `int` is taken, as in the kernel)
 * @returns up to 6.10, 0 when `hugeSpte` is not a present huge SPTE; nonsense since, and the VM is bugged
 * @throws TypeError, RangeError when an argument is not of its width, or the kernel splits no pages (before 5.18)
 *
 * Kernel: `make_huge_page_split_spte()`, `make_small_spte()` since 6.13.
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeHugePageSplitSpte, pageRole, plainHost } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * hex(makeHugePageSplitSpte(mmu, plainHost, 0x60000021be00bf7n, pageRole({ level: 1 }), 3)); // 0x60000021be03b77
 * ```
 *
 * @example
 * ```ts
 * import { createMmu, hex, makeHugePageSplitSpte, pageRole, plainHost } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor: svm() });
 * // The 2M parts of a 1G page are huge pages themselves.
 * hex(makeHugePageSplitSpte(mmu, plainHost, 0x40000ee7n, pageRole({ level: 2 }), 1)); // 0x40200ee7
 * ```
 */
export function makeHugePageSplitSpte(
  mmu: Mmu,
  host: Host,
  hugeSpte: bigint,
  role: PageRole,
  index: number,
): bigint {
  checkKernelHas(mmu.kernel, 'make_huge_page_split_spte');
  checkU64('hugeSpte', hugeSpte);
  checkLevel('role.level', role.level);
  checkInteger('index', index, -INT_MAX - 1, INT_MAX);
  if (isBadHugeSpte(mmu, hugeSpte)) return 0n;

  const { set, clear } = writer(mmu, 'make_huge_page_split_spte');
  let spte = set(hugeSpte, 'as in the huge SPTE');
  spte |= set(u64((BigInt(index) * pagesPerHpage(role.level)) << PAGE_SHIFT), 'this part of the huge page');
  if (role.level === 1) {
    spte &= clear(PT.pageSize.mask);
    // The mitigation is for huge pages: a 4K page is what its role says.
    const takesAway = splitTakesExecAway(mmu.kernel);
    const executable = (role.access & accessBits(mmu.kernel).exec) !== 0;
    if ((executable || takesAway) && isNxHugePageEnabled(mmu, host)) {
      spte = takesAway ? changeSpteExecutable(mmu, spte, role.access) : makeSpteExecutable(mmu, spte);
    }
  }
  return spte;
}

/** Complains about an SPTE that cannot be split; says whether this kernel stops there. */
function isBadHugeSpte(mmu: Mmu, hugeSpte: bigint): boolean {
  const present = isShadowPresentPte(mmu, hugeSpte);
  if (present && isLargePte(hugeSpte)) return false;
  const behaviour = badSplit(mmu.kernel);
  if (behaviour.bugsVm) {
    warn(mmu, SPLIT_DIAGNOSTICS, behaviour.code);
    return false;
  }
  warn(mmu, SPLIT_DIAGNOSTICS, present ? 'split.not-large' : 'split.not-present');
  return true;
}

/**
 * Builds the huge SPTE that maps what the SPTEs of a page mapped, from one of them: the inverse of
 * {@link makeHugePageSplitSpte}.
 *
 * @param level level of the huge SPTE, 2 or 3
 * @throws TypeError, RangeError when an argument is not of its width, or the kernel has no such function
 *
 * Kernel: `make_huge_spte()`, since 6.13.
 */
export function makeHugeSpte(mmu: Mmu, host: Host, smallSpte: bigint, level: number): bigint {
  checkKernelHas(mmu.kernel, 'make_huge_spte');
  checkU64('smallSpte', smallSpte);
  checkLevel('level', level);
  if (level === 1 || !isShadowPresentPte(mmu, smallSpte)) warn(mmu, SPLIT_DIAGNOSTICS, 'huge.bad-small-spte');
  const { set, clear } = writer(mmu, 'make_huge_spte');
  let spte = set(smallSpte, 'as in the small SPTE');
  spte |= set(PT.pageSize.mask, 'maps a huge page');
  spte &= clear((pagesPerHpage(level) - 1n) << PAGE_SHIFT);
  return isNxHugePageEnabled(mmu, host) ? withFetches(mmu, spte, 0) : spte;
}
