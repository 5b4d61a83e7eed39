// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap } from '@spte/core';
import { MAX_PAGES, PAGE_BYTES, type Page } from './dump.ts';

/** Memory that is read page by page; pages are remembered. */
export function pagedMemory(readPage: (pfn: number) => Page): {
  readPage(pfn: number): Page;
  read(address: bigint, length: number): Uint8Array | null;
} {
  const pages = new BoundedMap<number, Page>(MAX_PAGES);
  const pageAt = (pfn: number): Page => {
    const known = pages.get(pfn);
    if (known !== undefined) return known;
    const page = readPage(pfn);
    pages.set(pfn, page);
    return page;
  };
  return {
    readPage: pageAt,
    read(address, length) {
      const start = Number(address & 0xfffn);
      const first = Number(address >> 12n);
      if (start + length <= PAGE_BYTES) return pageAt(first).bytes?.subarray(start, start + length) ?? null;
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const at = start + done;
        const page = pageAt(first + Math.floor(at / PAGE_BYTES)).bytes;
        if (page === null) return null;
        const part = page.subarray(at % PAGE_BYTES).subarray(0, length - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
  };
}
