// SPDX-License-Identifier: GPL-2.0-only
import { markSpteForAccessTrack, restoreAccTrackSpte } from './access-track.ts';
import { checkInteger, checkLevel, checkU64 } from './arguments.ts';
import { PAGE_SHIFT, pagesPerHpage, u64 } from './bits.ts';
import { SPTE_DIAGNOSTICS } from './diagnostics.ts';
import { PT } from './entry-format.ts';
import type { Host } from './host.ts';
import type { Mmu } from './mmu.ts';
import { warn, writer } from './observe.ts';
import { isAccessTrackSpte, isLargePte, isNxHugePageEnabled, isShadowPresentPte } from './predicates.ts';
import { ACC_EXEC, type PageRole } from './role.ts';

/**
 * Allows fetches. In a tracked SPTE it is the saved X that changes.
 *
 * Kernel: `make_spte_executable()`.
 */
export function makeSpteExecutable(mmu: Mmu, before: bigint): bigint {
  const { set, clear } = writer(mmu, 'make_spte_executable');
  const tracked = isAccessTrackSpte(mmu, before);
  let spte = tracked ? restoreAccTrackSpte(mmu, before) : before;
  spte &= clear(mmu.masks.nx);
  spte |= set(mmu.masks.x, 'a 4K page may be executable again: the mitigation is for huge pages');
  return tracked ? markSpteForAccessTrack(mmu, spte) : spte;
}

const INT_MAX = 0x7fff_ffff;

/**
 * Builds one of the SPTEs that together map what a huge SPTE mapped.
 *
 * @param role role of the page that the new SPTE goes to: its level is one below the huge page's
 * @param index which part of the huge page, 0..511 in practice (any 32-bit `int` is taken, as in the kernel)
 * @returns 0 when `hugeSpte` is not a present huge SPTE
 * @throws TypeError, RangeError when an argument is not of its width
 *
 * Kernel: `make_huge_page_split_spte()`.
 */
export function makeHugePageSplitSpte(
  mmu: Mmu,
  host: Host,
  hugeSpte: bigint,
  role: PageRole,
  index: number,
): bigint {
  checkU64('hugeSpte', hugeSpte);
  checkLevel('role.level', role.level);
  checkInteger('index', index, -INT_MAX - 1, INT_MAX);
  if (!isShadowPresentPte(mmu, hugeSpte)) {
    warn(mmu, SPTE_DIAGNOSTICS, 'split.not-present');
    return 0n;
  }
  if (!isLargePte(hugeSpte)) {
    warn(mmu, SPTE_DIAGNOSTICS, 'split.not-large');
    return 0n;
  }
  const { set, clear } = writer(mmu, 'make_huge_page_split_spte');
  let spte = set(hugeSpte, 'as in the huge SPTE');
  spte |= set(u64((BigInt(index) * pagesPerHpage(role.level)) << PAGE_SHIFT), 'this part of the huge page');
  if (role.level === 1) {
    spte &= clear(PT.pageSize.mask);
    if ((role.access & ACC_EXEC) !== 0 && isNxHugePageEnabled(mmu, host))
      spte = makeSpteExecutable(mmu, spte);
  }
  return spte;
}
