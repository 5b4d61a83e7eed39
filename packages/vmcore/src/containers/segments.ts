// SPDX-License-Identifier: GPL-2.0-only
import type { PhysicalMemory } from '../memory/memory.ts';

/** A run of physical memory that stands in a file. */
export interface Segment {
  /** Physical address of the first byte. */
  readonly address: bigint;
  /** Offset of that byte in the file. */
  readonly offset: bigint;
  /** Bytes, at least 1. */
  readonly bytes: bigint;
}

/**
 * Memory whose parts are scattered over a file. What no segment covers is a hole.
 *
 * @param file the file, addressed by offset; where it is cut short there is a hole
 * @param segments sorted by address and free of overlap, as {@link disjointSegments} makes them
 */
export function segmentedMemory(file: PhysicalMemory, segments: readonly Segment[]): PhysicalMemory {
  return {
    read(address, length) {
      const end = address + BigInt(length);
      const first = findSegment(segments, address);
      if (first === undefined) return null;
      if (end <= endOf(first)) return file.read(address - first.address + first.offset, length);
      return gather(file, segments, address, length);
    },
  };
}

/** A read across segments that touch each other. */
function gather(
  file: PhysicalMemory,
  segments: readonly Segment[],
  address: bigint,
  length: number,
): Uint8Array | null {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const at = address + BigInt(done);
    const segment = findSegment(segments, at);
    if (segment === undefined) return null;
    const left = endOf(segment) - at;
    const count = left < BigInt(length - done) ? Number(left) : length - done;
    const part = file.read(at - segment.address + segment.offset, count);
    if (part === null) return null;
    bytes.set(part, done);
    done += count;
  }
  return bytes;
}

const endOf = ({ address, bytes }: Segment): bigint => address + bytes;

/** The segment that holds `address`, by bisection. */
export function findSegment(segments: readonly Segment[], address: bigint): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endOf(segments[middle] as Segment) <= address) low = middle + 1;
    else high = middle;
  }
  const found = segments[low];
  return found !== undefined && found.address <= address ? found : undefined;
}

/** Sorts segments by address and cuts each down to what none before it covers. */
export function disjointSegments(segments: readonly Segment[]): Segment[] {
  const disjoint: Segment[] = [];
  let covered = 0n;
  for (const segment of segments.toSorted((a, b) => compare(a.address, b.address))) {
    const end = endOf(segment);
    if (end <= covered) continue;
    const cut = segment.address < covered ? covered - segment.address : 0n;
    disjoint.push({
      address: segment.address + cut,
      offset: segment.offset + cut,
      bytes: segment.bytes - cut,
    });
    covered = end;
  }
  return disjoint;
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
