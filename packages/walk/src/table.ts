// SPDX-License-Identifier: GPL-2.0-only
import { type PhysicalMemory, readExactly } from './memory.ts';

/** A table in memory. */
export interface Table {
  /** Physical address in bytes. */
  readonly address: bigint;
  /** Level of its entries, 1..5. */
  readonly level: number;
  /** Whether it is a PAE root. */
  readonly pae: boolean;
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
  pae: boolean,
): Table | null {
  const bytes = pae ? PAE_ROOT_BYTES : TABLE_BYTES;
  const view = readExactly(memory, address, bytes);
  return view === null ? null : { address, level, pae, size: bytes / ENTRY_BYTES, view };
}
