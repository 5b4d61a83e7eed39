// SPDX-License-Identifier: GPL-2.0-only
import { KIND_CODES } from './codes.ts';
import type { Kernel } from './kernel.ts';
import { type DecodedColumns, type Decoding, decodeMmio, PRESENT_KINDS, type Span } from './loops.ts';
import {
  BLOCK,
  CELLS,
  CLASSES,
  FRAME_KINDS,
  FRAME_MASK,
  MOVED,
  MOVED_KIND,
  PIECES,
  ROW_OF,
  WATCH,
} from './memory-layout.ts';
import type { MmioFields } from './mmio-fields.ts';
import type { LevelKey, RuleTable } from './rule-table.ts';
import { bytesOf, halves } from './words.ts';

// The loops of loops.ts by a kernel: the same tables, block by block.

/** Answers of a rule in one byte each. */
export function kernelToBytes(
  kernel: Kernel,
  table: RuleTable,
  key: LevelKey,
  span: Span,
  out: Uint8Array,
): void {
  forEachBlock(kernel, table, key, span, (at, count) => {
    kernel.loops.toBytes(count);
    out.set(kernel.kinds.subarray(0, count), at);
  });
}

/** Answers of a rule in four bytes each. */
export function kernelToWords(
  kernel: Kernel,
  table: RuleTable,
  key: LevelKey,
  span: Span,
  out: Uint32Array,
): void {
  const bytes = bytesOf(out);
  forEachBlock(kernel, table, key, span, (at, count) => {
    kernel.loops.toWords(count);
    bytes.set(kernel.words.subarray(0, 4 * count), 4 * at);
  });
}

/** Where no entry is read by its bytes: no kind has this code. */
const NO_KIND = 255;

/** Decodes entries into columns. */
export function kernelToColumns(
  kernel: Kernel,
  key: LevelKey,
  span: Span,
  { base, mmio, table }: Decoding,
  columns: DecodedColumns,
): void {
  const { record } = kernel;
  record.setBigUint64(FRAME_MASK, base, true);
  for (let kind = 0; kind < 16; kind++) record.setInt8(FRAME_KINDS + kind, -((PRESENT_KINDS >>> kind) & 1));
  record.setUint8(MOVED_KIND, mmio.reason === null ? KIND_CODES.mmio : NO_KIND);
  record.setUint32(MOVED, mmio.tables.byteOffset, true);
  const frames = bytesOf(columns.frame);
  const generations = bytesOf(columns.generation);
  forEachBlock(kernel, table, key, span, (at, count) => {
    kernel.loops.toColumns(record.byteOffset, count);
    columns.kind.set(kernel.kinds.subarray(0, count), at);
    columns.access.set(kernel.access.subarray(0, count), at);
    columns.flags.set(kernel.flags.subarray(0, count), at);
    frames.set(kernel.frames.subarray(0, 8 * count), 8 * at);
    generations.set(kernel.words.subarray(0, 4 * count), 4 * at);
    if (mmio.reason !== null) readMmio(kernel, mmio, at, count, columns);
  });
}

/** Asks the policy about the MMIO entries of a block. */
function readMmio(
  { kinds, halves: entries }: Kernel,
  mmio: MmioFields,
  at: number,
  count: number,
  { frame, generation }: DecodedColumns,
): void {
  const frames = halves(frame);
  for (let i = 0; i < count; i++) {
    if (kinds[i] !== KIND_CODES.mmio) continue;
    decodeMmio(mmio, entries[2 * i + 1] as number, entries[2 * i] as number, at + i, frames, generation);
  }
}

/** Takes entries block by block through a loop; where it stops, the table is filled. */
function forEachBlock(
  kernel: Kernel,
  table: RuleTable,
  key: LevelKey,
  { entries: { bytes }, from, to }: Span,
  done: (at: number, count: number) => void,
): void {
  const { record, halves, entries, loops } = kernel;
  record.setUint32(WATCH, key.watchLo, true);
  record.setUint32(WATCH + 4, key.watchHi, true);
  record.setUint32(ROW_OF, table.rowOf.byteOffset, true);
  record.setUint32(CELLS, table.cells.byteOffset, true);
  record.setUint32(PIECES, key.pieces.byteOffset, true);
  record.setUint32(CLASSES, key.classes.byteOffset, true);
  const place = record.byteOffset;
  for (let at = from; at < to; at += BLOCK) {
    const count = Math.min(BLOCK, to - at);
    entries.set(bytes.subarray(8 * at, 8 * (at + count)));
    for (let i = loops.map(place, 0, count); i < count; i = loops.map(place, i, count)) {
      table.fill(key, halves[2 * i + 1] as number, halves[2 * i] as number);
    }
    done(at, count);
  }
}
