// SPDX-License-Identifier: GPL-2.0-only
import type { PhysicalMemory } from '../memory/memory.ts';
import { type Dump, gapOf, PAGE_BYTES, there } from './dump.ts';

/** Bits of a physical address, at most. */
const MAX_PHYSICAL_BITS = 52n;

/** Raw memory: offsets in the file are physical addresses. */
export function rawDump(file: PhysicalMemory): Dump {
  return {
    container: 'raw',
    vmcoreinfo: null,
    complete: true,
    notes: [],
    read: (address, length) => file.read(address, length),
    readPage(pfn) {
      const bytes = file.read(BigInt(pfn) * BigInt(PAGE_BYTES), PAGE_BYTES);
      return bytes === null ? gapOf('not-ram', 'beyond the end of the image') : there(bytes);
    },
    runs: () => [{ start: 0, end: pagesOf(file) }],
  };
}

/** Pages of a file whose size nothing says: by bisection. */
function pagesOf(file: PhysicalMemory): number {
  let low = 0n;
  let high = 1n << (MAX_PHYSICAL_BITS - 12n);
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (file.read(middle << 12n, PAGE_BYTES) === null) high = middle;
    else low = middle + 1n;
  }
  return Number(low);
}
