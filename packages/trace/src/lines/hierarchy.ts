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

/** The function that prints walks, whatever it was called. */
const WALK = 'get_mmio_spte';

/**
 * Puts the log lines of each walk together.
 *
 * @example
 * ```ts
 * import { hierarchyBlocks, readTraceSync } from '@spte/trace';
 *
 * const log = `kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0x7000, hierarchy:
 * kvm: ------ spte = 0x102867 level = 2, rsvd bits = 0xffff000000080
 * kvm: ------ spte = 0x1000000103e67 level = 1, rsvd bits = 0xffff000000000
 * `;
 * const records = [...readTraceSync([log])].flatMap(({ record }) => record ?? []);
 * const [block] = hierarchyBlocks(records);
 * block?.addr; // 0x7000
 * block?.entries.map(({ sptes }) => sptes[0]?.level); // [ 2, 1 ]
 * ```
 */
export function hierarchyBlocks(records: Iterable<TraceRecord>): HierarchyBlock[] {
  const blocks = new Map<number, { line: number; addr: string | null; entries: TraceRecord[] }>();
  for (const record of records) {
    if (record.block === null || record.event !== WALK) continue;
    const block = blocks.get(record.block) ?? { line: record.block, addr: null, entries: [] };
    blocks.set(record.block, block);
    const { addr } = record.fields;
    if (typeof addr === 'string') block.addr = addr;
    if (record.sptes.length > 0) block.entries.push(record);
  }
  return [...blocks.values()];
}
