// SPDX-License-Identifier: GPL-2.0-only
import { ImageError } from '../memory/image-error.ts';
import type { PhysicalMemory } from '../memory/memory.ts';
import { type Dump, gapOf, PAGE_BYTES, type PageRun, there } from './dump.ts';
import { type ElfCoreMemory, elfCoreMemory } from './elf-core.ts';
import { findSegment, type Segment } from './segments.ts';

/**
 * A dump in an ELF core.
 *
 * @throws ImageError as {@link elfCoreMemory}, and when there is no memory in it
 */
export function elfDump(file: PhysicalMemory): Dump & Pick<ElfCoreMemory, 'segments'> {
  const core = elfCoreMemory(file);
  const { segments, filtered, vmcoreinfo, isKcore, read } = core;
  if (segments.length === 0) {
    throw new ImageError(
      'an ELF core with no memory in it: QEMU writes such with `dump-guest-memory -p` while a guest runs a guest; take it without -p',
    );
  }
  const complete = isKcore || isWhole(file, segments);
  return {
    container: isKcore ? 'kcore' : 'elf',
    vmcoreinfo,
    segments,
    read,
    complete,
    notes: complete ? [] : ['the file is cut off: not all of the memory that its headers name is in it'],
    readPage(pfn) {
      const address = BigInt(pfn) * BigInt(PAGE_BYTES);
      const bytes = read(address, PAGE_BYTES);
      if (bytes !== null) return there(bytes);
      if (findSegment(segments, address) !== undefined) {
        return gapOf('cut-off', 'the file ends before it, or has a part of it only');
      }
      return findSegment(filtered, address) === undefined
        ? gapOf('not-ram', 'not RAM: no segment of the dump has it')
        : gapOf('filtered', 'left out of the dump: filtered, or all zero');
    },
    *runs(): Generator<PageRun, void> {
      for (const { address, bytes } of segments) {
        yield { start: Number(address >> 12n), end: Number((address + bytes) >> 12n) };
      }
    },
  };
}

/** Whether the last byte of the segment that ends last in the file is there. */
function isWhole(file: PhysicalMemory, segments: readonly Segment[]): boolean {
  let end = 1n;
  for (const { offset, bytes } of segments) if (offset + bytes > end) end = offset + bytes;
  return file.read(end - 1n, 1) !== null;
}
