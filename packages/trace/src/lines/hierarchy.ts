// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '../events/record.ts';

/** The walk of an address as the kernel log prints it. */
export interface HierarchyBlock {
  /** Number of its first line. */
  readonly line: number;
  /** The faulting address, `0x…`; null where its line is missing. */
  readonly addr: string | null;
  /** The lines that show an entry, root first. */
  readonly entries: readonly TraceRecord[];
}

/** Puts the log lines of each walk together. */
export function hierarchyBlocks(records: Iterable<TraceRecord>): HierarchyBlock[] {
  const blocks = new Map<number, { line: number; addr: string | null; entries: TraceRecord[] }>();
  for (const record of records) {
    if (record.block === null) continue;
    const block = blocks.get(record.block) ?? { line: record.block, addr: null, entries: [] };
    blocks.set(record.block, block);
    const { addr } = record.fields;
    if (typeof addr === 'string') block.addr = addr;
    if (record.sptes.length > 0) block.entries.push(record);
  }
  return [...blocks.values()];
}
