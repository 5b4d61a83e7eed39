// SPDX-License-Identifier: GPL-2.0-only
import { gfnRoundForLevel, PAGE_SHIFT, u64 } from '../bits/bits.ts';
import { accessBits, allAccess, type PageRole, pageRole } from '../kernel/role.ts';
import type { Behaviour, Mmu, TriedPage } from '../mmu/contract.ts';
import type { Host } from '../mmu/host.ts';
import { makeHugePageSplitSpte } from '../rules/huge-page-split.ts';
import { makeNonleafSpte } from '../rules/make-nonleaf-spte.ts';
import { type MakeSpteRequest, makeSpte } from '../rules/make-spte.ts';
import { isAdDisabled } from '../rules/predicates.ts';
import { mmuSpteAge } from '../rules/spte-update.ts';

/** The role of a direct page with all access, as the machine has it. */
const roleAt = (mmu: Mmu, level: number): PageRole =>
  pageRole({ level, access: allAccess(accessBits(mmu.kernel)), adDisabled: isAdDisabled(mmu) });

/** A leaf with all access, but for what is asked for otherwise. */
function leafAt(
  mmu: Mmu,
  host: Host,
  { gfn, pfn }: TriedPage,
  level: number,
  change: Partial<MakeSpteRequest> = {},
): bigint {
  const [first, frame] = [gfn, pfn].map((n) => gfnRoundForLevel(n, level)) as [bigint, bigint];
  return makeSpte(mmu, host, { role: roleAt(mmu, level), gfn: first, pfn: frame, ...change }).spte;
}

const tableAt = (mmu: Mmu, { pfn }: TriedPage): bigint =>
  makeNonleafSpte(mmu, u64(pfn << PAGE_SHIFT), isAdDisabled(mmu));

const leaf = (
  name: string,
  level: number,
  meaning: string,
  run: Behaviour['run'] = (mmu, host, page) => leafAt(mmu, host, page, level),
): Behaviour => ({ name, meaning, rule: 'make_spte', level, run });

/** What comparisons try of the rules of this package. Policies and vendors add theirs. */
export const coreBehaviours: readonly Behaviour[] = [
  leaf('leaf', 1, 'a 4K page of RAM with all access'),
  leaf('leaf-2M', 2, 'a 2M page of RAM with all access'),
  leaf('leaf-1G', 3, 'a 1G page of RAM with all access'),
  leaf('write-protected', 1, 'a page that must stay write-protected', (mmu, host, page) =>
    leafAt(mmu, { ...host, tryToUnsyncPages: () => -1 }, page, 1),
  ),
  leaf('prefetched', 1, 'a page that was not asked for yet', (mmu, host, page) =>
    leafAt(mmu, host, page, 1, { prefetch: true }),
  ),
  leaf('synchronized', 1, 'a page that a shadowed table of the guest maps', (mmu, host, page) =>
    leafAt(mmu, host, page, 1, { prefetch: true, canUnsync: false }),
  ),
  leaf('over-a-table', 2, 'a 2M page in the place of a table', (mmu, host, page) =>
    // Why bits of the table are set does not matter here.
    leafAt(mmu, host, page, 2, { oldSpte: tableAt({ ...mmu, observer: undefined }, page) }),
  ),
  leaf('nested', 1, 'a page of a nested guest', (mmu, host, page) =>
    leafAt(mmu, host, page, 1, { role: { ...roleAt(mmu, 1), guestMode: true } }),
  ),
  leaf('device', 1, 'a page that is no RAM of the host', (mmu, host, page) =>
    leafAt(mmu, { ...host, pfnValid: () => false, e820Ram: () => false }, page, 1),
  ),
  {
    name: 'table',
    meaning: 'a table of 4K pages',
    rule: 'make_nonleaf_spte',
    level: 2,
    run: (mmu, _host, page) => tableAt(mmu, page),
  },
  {
    name: 'split',
    meaning: 'the last 4K page of a 2M page that is split',
    rule: 'make_huge_page_split_spte',
    level: 1,
    run: (mmu, host, page) =>
      makeHugePageSplitSpte(mmu, host, leafAt(mmu, host, page, 2), roleAt(mmu, 1), 511),
  },
  {
    name: 'ageing',
    meaning: 'the 4K page after it was aged',
    rule: 'mmu_spte_age',
    level: 1,
    run: (mmu, host, page) => mmuSpteAge(mmu, host, leafAt(mmu, host, page, 1)).spte,
  },
];
