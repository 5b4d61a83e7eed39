// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64, hex, type Mmu, PAE_ROOT_LEVEL, PAGE_SHIFT, pagesPerHpage } from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { isSpecialRoot } from './special-root.ts';
import { openTable, PAE_ROOT_BYTES, TABLE_BYTES, type Table } from './table.ts';

/** Where a walk starts. */
export interface WalkRoot {
  /**
   * Physical address of the table in bytes: a CR3 or an EPTP without its flags (bits 11:0). A multiple of 4096, of 32
   * for a PAE root.
   */
  readonly root: bigint;
  /** Level of the entries in that table, 1..5; the level of the MMU's root when absent. */
  readonly level?: number | undefined;
  /**
   * Whether the table is a PAE root: four entries at level 3, of which KVM sets nothing but present. True at level 3 of
   * an MMU whose root level is 3 when absent.
   */
  readonly pae?: boolean | undefined;
  /** First gpa that the table maps, in bytes; 0 when absent. */
  readonly gpa?: bigint | undefined;
}

/** The table at which a walk starts, and the first gpa that it maps. */
export interface OpenRoot {
  readonly table: Table;
  readonly gpa: bigint;
}

/**
 * Reads the table at which a walk starts.
 *
 * @throws TypeError, RangeError when the root is not the address of a table, or not in this memory
 */
export function openRoot(mmu: Mmu, memory: PhysicalMemory, start: WalkRoot): OpenRoot {
  const { root, gpa = 0n, level = mmu.root.level } = start;
  checkLevel('root.level', level);
  const pae = start.pae ?? (level === PAE_ROOT_LEVEL && mmu.root.level === PAE_ROOT_LEVEL);
  if (pae && level !== PAE_ROOT_LEVEL) {
    throw new RangeError(`root.level of a PAE root must be ${PAE_ROOT_LEVEL}, got ${level}`);
  }
  const alignment = pae ? PAE_ROOT_BYTES : TABLE_BYTES;
  if ((checkU64('root.root', root) & BigInt(alignment - 1)) !== 0n) {
    throw new RangeError(
      `root.root must be a multiple of ${alignment}, got ${hex(root)}: CR3 and EPTP keep flags in the low bits`,
    );
  }
  checkU64('root.gpa', gpa);
  const table = openTable(memory, root, level, pae ? 'pae' : 'shadow');
  if (table === null) throw new RangeError(`root.root ${hex(root)} is not in this memory`);
  const special = !pae && isSpecialRoot(mmu, memory, table);
  return { table: special ? { ...table, role: 'special' } : table, gpa };
}

/** Bytes that one entry at `level` (1..5) maps. */
export function entryBytes(level: number): bigint {
  return pagesPerHpage(level) << PAGE_SHIFT;
}
