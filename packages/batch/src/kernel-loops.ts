// SPDX-License-Identifier: GPL-2.0-only
import { KIND_CODES } from './codes.ts';
import { ColumnWindow } from './column-window.ts';
import { type DecodedColumns, decodeMmio, PRESENT_KINDS } from './decoding.ts';
import { halves } from './entries.ts';
import type { Kernel } from './kernel.ts';
import type { Span } from './levels.ts';
import type { Loops } from './loops.ts';
import {
  BLOCK,
  CELLS,
  CLASSES,
  FRAME_KINDS,
  FRAME_MASK,
  MOVED,
  MOVED_KIND,
  PIECES,
  RECORD,
  ROW_OF,
  WATCH,
} from './memory-layout.ts';
import type { MmioFields } from './mmio-fields.ts';
import type { RuleTable } from './rule-table.ts';

/** Where no entry is read by its bytes: no kind has this code. */
const NO_KIND = 255;

/** The loops of loops.ts by a kernel: from the same tables, which must stand in its memory, block by block. */
export function kernelLoops(kernel: Kernel): Loops {
  const { loops, view } = kernel;
  return {
    toBytes(table, span, out) {
      const answers = new ColumnWindow(out, 1, kernel.kinds);
      forEachBlock(kernel, table, span, (_entries, at, count) => {
        loops.toBytes(answers.write(at, count), count);
        answers.settle(at, count);
      });
    },
    toWords(table, span, out) {
      const answers = new ColumnWindow(out, 4, kernel.words);
      forEachBlock(kernel, table, span, (_entries, at, count) => {
        loops.toWords(answers.write(at, count), count);
        answers.settle(at, count);
      });
    },
    toColumns({ base, mmio, table }, span, columns) {
      view.setBigUint64(RECORD + FRAME_MASK, base, true);
      for (let kind = 0; kind < 16; kind++) {
        view.setInt8(RECORD + FRAME_KINDS + kind, -((PRESENT_KINDS >>> kind) & 1));
      }
      view.setUint8(RECORD + MOVED_KIND, mmio.reason === null ? KIND_CODES.mmio : NO_KIND);
      view.setUint32(RECORD + MOVED, mmio.tables.byteOffset, true);
      const kinds = new ColumnWindow(columns.kind, 1, kernel.kinds);
      const frames = new ColumnWindow(columns.frame, 8, kernel.frames, span.entries.bytes);
      const access = new ColumnWindow(columns.access, 1, kernel.access);
      const flags = new ColumnWindow(columns.flags, 1, kernel.flags);
      const generations = new ColumnWindow(columns.generation, 4, kernel.words);
      const all = [kinds, frames, access, flags, generations];
      forEachBlock(kernel, table, span, (entries, at, count) => {
        loops.toColumns(
          RECORD,
          entries,
          kinds.write(at, count),
          frames.write(at, count),
          access.write(at, count),
          flags.write(at, count),
          generations.write(at, count),
          count,
        );
        for (const column of all) column.settle(at, count);
        if (mmio.reason !== null) readMmio(kernel, mmio, entries, at, count, columns);
      });
    },
  };
}

/** Asks the policy about the MMIO entries of a block. */
function readMmio(
  { view }: Kernel,
  mmio: MmioFields,
  entries: number,
  at: number,
  count: number,
  { kind, frame, generation }: DecodedColumns,
): void {
  const frames = halves(frame);
  for (let i = 0; i < count; i++) {
    if (kind[at + i] !== KIND_CODES.mmio) continue;
    const [hi, lo] = [view.getInt32(entries + 8 * i + 4, true), view.getInt32(entries + 8 * i, true)];
    decodeMmio(mmio, hi, lo, at + i, frames, generation);
  }
}

/** Takes entries block by block through a loop; where it stops, the table is filled. */
function forEachBlock(
  { view, entries: block, loops }: Kernel,
  table: RuleTable,
  { entries: { bytes }, level, from, to }: Span,
  done: (entries: number, at: number, count: number) => void,
): void {
  const key = table.key(level);
  view.setUint32(RECORD + WATCH, key.watchLo, true);
  view.setUint32(RECORD + WATCH + 4, key.watchHi, true);
  view.setUint32(RECORD + ROW_OF, table.rowOf.byteOffset, true);
  view.setUint32(RECORD + CELLS, table.cells.byteOffset, true);
  view.setUint32(RECORD + PIECES, key.pieces.byteOffset, true);
  view.setUint32(RECORD + CLASSES, key.classes.byteOffset, true);
  const column = new ColumnWindow(bytes, 8, block);
  for (let at = from; at < to; at += BLOCK) {
    const count = Math.min(BLOCK, to - at);
    const entries = column.read(at, count);
    for (let i = loops.map(RECORD, entries, 0, count); i < count; i = loops.map(RECORD, entries, i, count)) {
      table.fill(key, view.getInt32(entries + 8 * i + 4, true), view.getInt32(entries + 8 * i, true));
    }
    done(entries, at, count);
  }
}
