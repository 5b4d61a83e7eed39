// SPDX-License-Identifier: GPL-2.0-only
import {
  isSpecialRootEntry,
  type Mmu,
  PAE_ROOT_ENTRIES,
  PAE_ROOT_LEVEL,
  PAGE_SHIFT,
  spteToPfn,
} from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { ENTRY_BYTES, openTable, type Table } from './table.ts';

/**
 * Whether a root is one that shadows nothing of the guest's: a chain of tables with a first entry and nothing else, down
 * to four entries at level 3. One damaged SPTE does not make a table look like that.
 *
 * Kernel: `mmu_alloc_special_roots()`.
 */
export function isSpecialRoot(mmu: Mmu, memory: PhysicalMemory, { level, size, view }: Table): boolean {
  if (level < PAE_ROOT_LEVEL) return false;
  const last = level === PAE_ROOT_LEVEL ? PAE_ROOT_ENTRIES : 1;
  let found = 0n;
  for (let index = 0; index < size; index++) {
    const spte = view.getBigUint64(index * ENTRY_BYTES, true);
    if (spte === 0n) continue;
    if (index >= last || !isSpecialRootEntry(mmu, spte)) return false;
    found = spte;
  }
  if (found === 0n || level === PAE_ROOT_LEVEL) return found !== 0n;
  const below = openTable(memory, spteToPfn(mmu, found) << PAGE_SHIFT, level - 1, 'special');
  return below !== null && isSpecialRoot(mmu, memory, below);
}
