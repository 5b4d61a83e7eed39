// SPDX-License-Identifier: GPL-2.0-only
import { PAGE_SHIFT, pagesPerHpage } from '@spte/core';
import { type Slot, slotFinder } from '@spte/kvm';
import type { WalkEntry } from '@spte/walk';

/** The slot of a leaf. */
export interface SlotOfLeaf {
  readonly asId: number;
  readonly id: number;
  readonly flagNames: readonly string[];
}

/** What of a slot is mapped. */
export interface SlotShare extends SlotOfLeaf {
  readonly baseGfn: bigint;
  readonly npages: number;
  /** Pages of 4 KiB that leaves map, and those of them that may be written. */
  readonly mapped: number;
  readonly writable: number;
  /** Leaves by page size: `4K`, `2M`, `1G`. */
  readonly leaves: Readonly<Record<string, number>>;
}

const SIZES = ['', '4K', '2M', '1G', '512G', '256T'] as const;

/** Joins the leaves of a walk with the slots of their address space. */
export class SlotShares {
  readonly #find: (gfn: bigint) => Slot | null;
  readonly #shares: Map<Slot, { mapped: number; writable: number; readonly leaves: Record<string, number> }>;
  /** Pages that leaves map and no slot has. */
  outside = 0;

  constructor(slots: readonly Slot[], asId: number) {
    const own = slots.filter((slot) => slot.asId === asId);
    const find = slotFinder(own);
    this.#find = (gfn) => find(gfn, asId);
    const sorted = own.toSorted((a, b) => (a.baseGfn < b.baseGfn ? -1 : 1));
    this.#shares = new Map(sorted.map((slot) => [slot, { mapped: 0, writable: 0, leaves: {} }]));
  }

  /** Counts a leaf, and says which slot has it; null where none has, undefined for what maps nothing. */
  add({ kind, gpa, level }: WalkEntry, isWritable: boolean): SlotOfLeaf | null | undefined {
    if (kind !== 'leaf' && kind !== 'tracked') return undefined;
    const slot = this.#find(gpa >> PAGE_SHIFT);
    const pages = Number(pagesPerHpage(level));
    const share = slot === null ? undefined : this.#shares.get(slot);
    if (slot === null || share === undefined) {
      this.outside += pages;
      return null;
    }
    const size = SIZES[level] ?? '';
    share.mapped += pages;
    if (isWritable) share.writable += pages;
    share.leaves[size] = (share.leaves[size] ?? 0) + 1;
    return { asId: slot.asId, id: slot.id, flagNames: slot.flagNames };
  }

  /** What of each slot is mapped, in the order of gfns. */
  list(): SlotShare[] {
    return [...this.#shares].map(([{ asId, id, flagNames, baseGfn, npages }, share]) => ({
      asId,
      id,
      flagNames,
      baseGfn,
      npages: Number(npages),
      ...share,
    }));
  }
}
