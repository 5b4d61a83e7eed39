// SPDX-License-Identifier: GPL-2.0-only
import { type Known, type Source, said, sourceLines, type TextFile } from './source.ts';

/** A range of physical memory that holds RAM, in bytes, both ends included. */
export interface RamRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly source: Source;
}

const RAM = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) : System RAM$/;

/** The RAM of `/proc/iomem`; none when the file was read without privilege, which hides the addresses. */
export function parseIomem(file: TextFile): RamRange[] {
  return [...sourceLines(file)].flatMap((source) => {
    const [, start, end] = RAM.exec(source.text) ?? [];
    if (start === undefined || end === undefined) return [];
    const range = { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), source };
    return range.end > range.start ? [range] : [];
  });
}

/** First byte after the highest RAM; null when the file does not say. */
export function ramEnd(file: TextFile): Known<bigint> | null {
  const [first, ...rest] = parseIomem(file);
  if (first === undefined) return null;
  const highest = rest.reduce((high, range) => (range.end > high.end ? range : high), first);
  return said(highest.end + 1n, highest.source, 'the byte after the highest System RAM');
}
