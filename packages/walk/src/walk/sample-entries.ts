// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, checkLevel, PT, type Sample } from '@spte/core';
import type { PhysicalMemory } from '@spte/vmcore';
import { ENTRY_BYTES, openTable, TABLE_BYTES, type Table } from './table.ts';

/** Tables that are looked at, at most. */
const MAX_TABLES = 64;

/** Address bits that may be no address: where a host that encrypts its memory has its C-bit. */
const C_BITS = (1n << 47n) | (1n << 51n);

/** Bits 2:0 are clear in every entry that the CPU does not walk. */
const WALKED = 7n;

/**
 * The entries of a table and of tables below it, of which neither kernel nor machine is known: those of 64 tables, level
 * by level. They serve to find out what wrote them.
 *
 * @param root physical address of the table in bytes, a multiple of 4096
 * @param level level of its entries, 1..5
 * @throws TypeError, RangeError when there is no such level
 *
 * @example
 * ```ts
 * import { bytesMemory, sampleEntries } from '@spte/walk';
 *
 * const image = new Uint8Array(0x2000);
 * new DataView(image.buffer).setBigUint64(0x1028, 0x42b4e67n, true);
 * [...sampleEntries(bytesMemory(image), 0x1000n, 1)]; // [ { value: 69946983n, level: 1 } ]
 * ```
 */
export function* sampleEntries(
  memory: PhysicalMemory,
  root: bigint,
  level: number,
): Generator<Sample & { readonly level: number }, void> {
  checkLevel('level', level);
  const first = openTable(memory, root, level, 'shadow');
  const queue: Table[] = first === null ? [] : [first];
  const seen = new Set(queue.map(({ address }) => address));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (let at = 0; at < TABLE_BYTES; at += ENTRY_BYTES) {
      const value = next.view.getBigUint64(at, true);
      if (value === 0n) continue;
      yield { value, level: next.level };
      const below = seen.size < MAX_TABLES ? tableOf(memory, value, next.level) : null;
      if (below === null || seen.has(below.address)) continue;
      seen.add(below.address);
      queue.push(below);
    }
  }
}

/** The table that an entry may point to; null where it cannot be one. */
function tableOf(memory: PhysicalMemory, value: bigint, level: number): Table | null {
  if (level === 1 || (value & WALKED) === 0n || (value & PT.pageSize.mask) !== 0n) return null;
  const address = value & ADDRESS;
  return (
    openTable(memory, address, level - 1, 'shadow') ??
    openTable(memory, address & ~C_BITS, level - 1, 'shadow')
  );
}
