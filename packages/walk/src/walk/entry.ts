// SPDX-License-Identifier: GPL-2.0-only
import {
  type Mmu,
  PAE_ROOT_LEVEL,
  PAGE_SHIFT,
  type PossibleFinding,
  type SpteKind,
  spteToPfn,
} from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { type EntryFinding, type WalkFinding, type WalkFindingCode, walkFinding } from './findings.ts';
import type { Frame } from './frame.ts';
import type { EntryReading } from './read-entry.ts';
import { ENTRY_BYTES, openTable, type Table } from './table.ts';

/** An entry of a table in memory. `decodeSpte(mmu, spte, level)` takes it apart. */
export interface WalkEntry {
  /** Level of the entry, 1..5. */
  readonly level: number;
  /**
   * First guest physical address of its range, in bytes. Under shadow paging of a guest with paging on, the guest
   * virtual address without its sign extension.
   */
  readonly gpa: bigint;
  /** Size of that range in bytes: 4096 at level 1, 2M at 2, 1G at 3, 512G at 4, 256T at 5. */
  readonly bytes: bigint;
  /** Physical address of the entry itself, in bytes. */
  readonly address: bigint;
  /** Index in its table, 0..511; 0..3 in a PAE root. */
  readonly index: number;
  /** The 64-bit word. */
  readonly spte: bigint;
  /** What it is, as core's `spteKind()` says; `table` for each valid entry of a PAE root or a special root. */
  readonly kind: SpteKind;
  /** Physical address of the table in which the walk goes on, in bytes; null where it ends. */
  readonly child: bigint | null;
  /** What is wrong with the entry and with where it points; empty for a clean one. */
  readonly findings: readonly EntryFinding[];
  /** What is wrong with it in some of the contexts that were asked about. */
  readonly possible: readonly PossibleFinding[];
}

/** Where an entry leads. */
export interface Below {
  /** The next table; null where the walk ends. */
  readonly table: Table | null;
  /** Why it ends at a table's entry. */
  readonly finding: WalkFinding | null;
}

const NOWHERE: Below = { table: null, finding: null };

/**
 * Reads the table that an entry points to, unless the pointer is not sane.
 *
 * @param spte the entry, which stands in the table given next
 * @param stack the tables from the root down to that of the entry
 * @param isRepeat whether a table was walked too often; never when absent
 */
export function tableBelow(
  mmu: Mmu,
  memory: PhysicalMemory,
  spte: bigint,
  { level, role }: Table,
  { kind, findings, possible }: EntryReading,
  stack: readonly Frame[],
  isRepeat: (address: bigint) => boolean = () => false,
): Below {
  if (kind !== 'table') return NOWHERE;
  const address = spteToPfn(mmu, spte) << PAGE_SHIFT;
  const stop = (code: WalkFindingCode): Below => ({ table: null, finding: walkFinding(mmu, code, address) });
  const inAddress = (n: number): boolean => ((address >> BigInt(n)) & 1n) !== 0n;
  const all = [...findings, ...possible.map(({ finding }) => finding)];
  const reserved = all.some(({ code, bits }) => code === 'reserved-bits' && bits.some(inAddress));
  if (reserved) return stop('table-reserved-address');
  if (stack.some(({ table }) => table.address === address)) return stop('table-loop');
  const special = role === 'special' && level > PAE_ROOT_LEVEL;
  const table = openTable(memory, address, level - 1, special ? 'special' : 'shadow');
  if (table === null) return stop('table-hole');
  return isRepeat(address) ? stop('table-repeats') : { table, finding: null };
}

/** The entry at `index` of a table, with what is known of it. */
export function entryOf(
  { table, gpa, bytes }: Frame,
  index: number,
  spte: bigint,
  { kind, findings, possible }: EntryReading,
  below: Below,
): WalkEntry {
  return {
    level: table.level,
    gpa: gpa + BigInt(index) * bytes,
    bytes,
    address: table.address + BigInt(index * ENTRY_BYTES),
    index,
    spte,
    kind,
    child: below.table?.address ?? null,
    findings: below.finding === null ? findings : [...findings, below.finding],
    possible,
  };
}
