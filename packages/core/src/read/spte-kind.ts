// SPDX-License-Identifier: GPL-2.0-only
import { without } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { CoreKind, SpteKind } from '../mmu/entry-kind.ts';
import { softwareBits } from '../mmu/extensions.ts';
import { makeNonleafSpte } from '../rules/make-nonleaf-spte.ts';
import { isAccessTrackSpte, isLastSpte } from '../rules/predicates.ts';

/** Whether entries of this kind are shadow-present. */
export function isPresentKind(kind: SpteKind): boolean {
  return kind === 'leaf' || kind === 'tracked' || kind === 'table';
}

/** Whether an entry that is not shadow-present maps nothing: it has no bits but those that plugins keep in such entries. */
export function isEmpty(mmu: Mmu, spte: bigint): boolean {
  const bare = without(spte, softwareBits(mmu, 'nonpresent'));
  return bare === 0n || bare === mmu.layout.empty;
}

/** The kind of an entry that is shadow-present. */
export function presentKind(mmu: Mmu, spte: bigint, level: number | null): CoreKind {
  const leaf = isLeaf(mmu, spte, level);
  if (leaf && mmu.masks.accTrack !== 0n && isAccessTrackSpte(mmu, spte)) return 'tracked';
  if (!isWalked(mmu, spte)) return 'unknown';
  return leaf ? 'leaf' : 'table';
}

/** Before 5.13 everything that is not zero, MMIO or frozen counts as present, also what no CPU walks. */
function isWalked(mmu: Mmu, spte: bigint): boolean {
  const { layout, masks } = mmu;
  return (
    layout.mmuPresent !== null || (spte & (masks.present | masks.accTrack)) !== 0n || isBareLeaf(mmu, spte)
  );
}

/**
 * Whether an entry without a permission is a leaf for which none was asked: no bit says "present" in EPT with
 * execute-only entries. KVM sets nothing in it but these: that the host may write, which only a page that the host has
 * read-only lacks, how it is cached, which only a device's lacks, and how accessed is kept. What has neither of the
 * first two is no more than an address.
 */
function isBareLeaf({ masks, layout, vendor: { format } }: Mmu, spte: bigint): boolean {
  const marks = masks.hostWritable | (format.ignorePat?.mask ?? 0n);
  const may = format.address.mask | masks.memtype | masks.accessed | layout.adType.mask | PT.pageSize.mask;
  return masks.present === 0n && (spte & marks) !== 0n && (spte & ~(marks | may)) === 0n;
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
