// SPDX-License-Identifier: GPL-2.0-only
import { MissingMemory, tryRead } from '@spte/vmcore';
import type { KvmModules } from './kvm-modules.ts';
import { type ShadowPage, shadowPageAt } from './shadow-page.ts';

/** Pages of a host that are looked through, at most: 16 GiB of them. */
const MAX_PAGES = 1 << 22;

/** Pages of which the descriptions are read at once. */
const AT_ONCE = 64;

/** Tables that were found by their pages. */
export interface HeadedTables {
  readonly tables: readonly ShadowPage[];
  /** Why there may be more; null where there are none. */
  readonly gap: string | null;
}

/**
 * Every table of KVM that has a header, wherever it hangs: `private` of a table's `struct page` points at its header, and
 * the header back at the table.
 */
export function headedTables(kvm: KvmModules): HeadedTables {
  const { kernel } = kvm;
  const { vmcoreinfo, memory, symbols, dump } = kernel;
  const [map, linear] = [symbols.address('vmemmap_base'), symbols.address('page_offset_base')];
  const [size, offset] = [vmcoreinfo.size('page'), vmcoreinfo.offset('page.private')];
  if (map === null || linear === null || size === null || offset === null) {
    return { tables: [], gap: 'the kernel does not say where it describes its pages' };
  }
  const [pages, direct] = [memory.u64(map), memory.u64(linear)];
  const [bytes, member] = [Number(size), Number(offset)];
  const spt = kvm.struct('kvm_mmu_page', 0n).type.offsetOf('spt');
  const tables: ShadowPage[] = [];
  let gap: string | null = null;
  let left = MAX_PAGES;
  for (const { start, end } of dump.runs()) {
    for (let pfn = start, count = 0; pfn < end; pfn += count) {
      count = Math.min(AT_ONCE - (pfn % AT_ONCE), end - pfn);
      left -= count;
      if (left < 0) return { tables, gap: `only the first ${MAX_PAGES} pages were looked through` };
      const read = tryRead(() => memory.read(pages + BigInt(pfn * bytes), count * bytes));
      if (read instanceof Error) {
        // What is no memory of the kernel's, such as a video card's, has no descriptions.
        if (!(read instanceof MissingMemory && read.reason === 'unmapped')) gap = read.message;
        continue;
      }
      const view = new DataView(read.buffer, read.byteOffset, read.length);
      for (let i = 0; i < count; i++) {
        const header = view.getBigUint64(i * bytes + member, true);
        if (header < direct || (header & 7n) !== 0n) continue;
        const own = direct + (BigInt(pfn + i) << 12n);
        const table = tryRead(() => (memory.u64(header + spt) === own ? shadowPageAt(kvm, header) : null));
        if (table !== null && !(table instanceof Error)) tables.push(table);
      }
    }
  }
  return { tables, gap };
}
