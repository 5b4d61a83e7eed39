// SPDX-License-Identifier: GPL-2.0-only
import { ImageError } from '../memory/image-error.ts';
import { type Dump, gapOf, type PageRun } from './dump.ts';
import type { KdumpFile } from './kdump.ts';
import { pagedMemory } from './paged-memory.ts';

/**
 * A dump from the parts that `makedumpfile --split` made, in any order.
 *
 * @param parts at least one; not all need be there
 * @throws ImageError when they are not parts of one dump
 */
export function splitDump(parts: readonly KdumpFile[]): Dump {
  const sorted = parts.toSorted((a, b) => startOf(a) - startOf(b));
  const first = sorted[0] as KdumpFile;
  const ranges = sorted.map(({ header }) => rangeOf(first, header));
  const missing = missingRanges(ranges, first.header.maxPfn);
  const notes = missing.map((range) => `a part of the split dump is missing: pages ${range}`);
  return {
    container: first.container,
    vmcoreinfo: first.vmcoreinfo,
    complete: missing.length === 0 && sorted.every(({ header }) => !header.isIncomplete),
    notes: [...notes, ...new Set(sorted.flatMap((part) => part.notes))],
    runs: first.runs,
    ...pagedMemory((pfn) => {
      const part = sorted.find(({ header }) => header.part !== null && isIn(header.part, pfn));
      if (part !== undefined) return part.readPage(pfn);
      const page = first.readPage(pfn);
      return page.gap?.reason === 'other-part'
        ? gapOf('other-part', `in a part of the split dump that was not given (pages ${missing.join(', ')})`)
        : page;
    }),
  };
}

const startOf = ({ header }: KdumpFile): number => header.part?.start ?? 0;

const isIn = ({ start, end }: { start: number; end: number }, pfn: number): boolean =>
  pfn >= start && pfn < end;

/** The pages of a part; refuses anything that is not of the same dump. */
function rangeOf(first: KdumpFile, header: KdumpFile['header']): PageRun {
  if (header.part === null) {
    throw new ImageError('several files were given, and one of them is not a part of a split dump');
  }
  const same =
    header.maxPfn === first.header.maxPfn &&
    header.bitmapBytes === first.header.bitmapBytes &&
    header.vmcoreinfo === first.header.vmcoreinfo;
  if (!same) throw new ImageError('the files are parts of different dumps');
  return header.part;
}

/** Ranges of pages that no part has. */
function missingRanges(sorted: readonly PageRun[], maxPfn: number): string[] {
  const missing: string[] = [];
  let next = 0;
  const until = (end: number): void => {
    if (end > next) missing.push(`${next} to ${end - 1}`);
  };
  for (const { start, end } of sorted) {
    if (start >= end) continue;
    until(Math.min(start, maxPfn));
    next = Math.max(next, end);
  }
  until(maxPfn);
  return missing;
}
