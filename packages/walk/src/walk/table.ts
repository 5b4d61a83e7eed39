// SPDX-License-Identifier: GPL-2.0-only
import { type PhysicalMemory, readExactly } from '@spte/vmcore';

/**
 * How the entries of a table were written: by the rules of SPTEs (`shadow`), as a `pae` root of four entries, or as
 * those of a `special` root.
 */
export type TableRole = 'shadow' | 'pae' | 'special';

/** A table in memory. */
export interface Table {
  /** Physical address in bytes. */
  readonly address: bigint;
  /** Level of its entries, 1..5. */
  readonly level: number;
  readonly role: TableRole;
  /** Number of entries: 512, or 4 in a PAE root. */
  readonly size: number;
  readonly view: DataView;
}

/** Bytes of an entry. */
export const ENTRY_BYTES = 8;

/** Bytes of a table, and its alignment. */
export const TABLE_BYTES = 4096;

/** Bytes of a PAE root, and its alignment. */
export const PAE_ROOT_BYTES = 32;

/** Reads a table; null when not all of it is in memory. */
export function openTable(
  memory: PhysicalMemory,
  address: bigint,
  level: number,
  role: TableRole,
): Table | null {
  const bytes = role === 'pae' ? PAE_ROOT_BYTES : TABLE_BYTES;
  const view = readExactly(memory, address, bytes);
  return view === null ? null : { address, level, role, size: bytes / ENTRY_BYTES, view };
}
