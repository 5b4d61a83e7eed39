// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from '../bits/arguments.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import { makeNonleafSpte } from '../rules/make-nonleaf-spte.ts';
import { isAccessTrackSpte, isLastSpte, isRemovedSpte, isShadowPresentPte } from '../rules/predicates.ts';

/**
 * What an entry is: a mapping (`leaf`, or `tracked` while its permissions are taken away), a pointer to a lower
 * `table`, an `mmio` marker, `frozen` while a CPU changes it, `empty`, or none of these.
 */
export type SpteKind = 'leaf' | 'tracked' | 'table' | 'mmio' | 'frozen' | 'empty' | 'unknown';

/** Whether entries of this kind are shadow-present. */
export function isPresentKind(kind: SpteKind): boolean {
  return kind === 'leaf' || kind === 'tracked' || kind === 'table';
}

/**
 * Says what an entry is.
 *
 * @param level level of the entry, 1..5; when it is not known, bits that KVM sets in leaves only tell a leaf from a
 *   table
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 */
export function spteKind(mmu: Mmu, spte: bigint, level: number | null): SpteKind {
  checkU64('spte', spte);
  if (level !== null) checkLevel('level', level);
  if (isRemovedSpte(mmu, spte)) return 'frozen';
  if (isShadowPresentPte(mmu, spte)) {
    const leaf = isLeaf(mmu, spte, level);
    if (leaf && mmu.masks.accTrack !== 0n && isAccessTrackSpte(mmu, spte)) return 'tracked';
    if (!isWalked(mmu, spte)) return 'unknown';
    return leaf ? 'leaf' : 'table';
  }
  if (readByPolicy(mmu, spte) !== null) return 'mmio';
  return spte === 0n || spte === mmu.layout.empty ? 'empty' : 'unknown';
}

/** Before 5.13 everything that is not zero, MMIO or frozen counts as present, also what no CPU walks. */
function isWalked({ layout, masks }: Mmu, spte: bigint): boolean {
  return layout.mmuPresent !== null || (spte & (masks.present | masks.accTrack)) !== 0n;
}

/** Without a level, an entry is a table if it has all that KVM sets in tables and nothing that it sets in leaves only. */
function isLeaf(mmu: Mmu, spte: bigint, level: number | null): boolean {
  if (level !== null) return isLastSpte(spte, level);
  const { masks, vendor } = mmu;
  const { dirty, memtype } = vendor.format;
  const leafOnly =
    masks.hostWritable | masks.mmuWritable | dirty.mask | (memtype?.mask ?? 0n) | PT.pageSize.mask;
  const inTables = tableBits(mmu);
  return (spte & leafOnly) !== 0n || (spte & inTables) !== inTables;
}

/** The bits that KVM sets in every table, but for those that say how it is walked. */
export function tableBits(mmu: Mmu): bigint {
  return makeNonleafSpte(mmu, 0n, true) & ~mmu.layout.adType.mask & ~mmu.masks.present;
}

/** What the first policy that recognises the entry reads in it. */
export function readByPolicy(mmu: Mmu, spte: bigint): PolicyReading | null {
  for (const { read } of mmu.policies) {
    const reading = read?.(mmu, spte) ?? null;
    if (reading !== null) return reading;
  }
  return null;
}
