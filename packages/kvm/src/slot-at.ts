// SPDX-License-Identifier: GPL-2.0-only
import type { Slot } from './slots.ts';

/** Finds the slot of a gfn, by bisection. Slots of an address space do not overlap. */
export function slotFinder(slots: readonly Slot[]): (gfn: bigint, asId: number) => Slot | null {
  const spaces = new Map<number, Slot[]>();
  for (const slot of slots) spaces.set(slot.asId, [...(spaces.get(slot.asId) ?? []), slot]);
  const sorted = new Map(
    [...spaces].map(([asId, list]) => [asId, list.toSorted((a, b) => (a.baseGfn < b.baseGfn ? -1 : 1))]),
  );
  return (gfn, asId) => {
    const list = sorted.get(asId) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { baseGfn, npages } = list[middle] as Slot;
      if (baseGfn + npages <= gfn) low = middle + 1;
      else high = middle;
    }
    const found = list[low];
    return found !== undefined && found.baseGfn <= gfn ? found : null;
  };
}
