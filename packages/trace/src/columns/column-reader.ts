// SPDX-License-Identifier: GPL-2.0-only

import type { TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { lineReader, type TraceCounts } from '../lines/reader.ts';
import { createPrograms, patternProgram, rawProgram } from '../wasm/compile.ts';
import { createKernel } from '../wasm/kernel.ts';
import { createLineFeed } from '../wasm/line-feed.ts';
import * as STATE from '../wasm/state.ts';
import * as STATUS from '../wasm/status.ts';
import { createColumnStore } from './column-store.ts';
import { type ColumnBatch, type Form, formFields } from './columns.ts';

/** Reads a trace piece by piece into columns. */
export interface ColumnReader {
  /** Takes a piece of the input, cut anywhere. */
  readonly push: (chunk: Uint8Array) => void;
  /** Hands out what is gathered: for a trace that is still being written. */
  readonly flush: () => void;
  /** Takes the end of the input, and hands out what is left. */
  readonly end: () => void;
  readonly counts: TraceCounts;
}

/** How a trace is read into columns. */
export interface ColumnOptions {
  /** False: line by line in JavaScript, also where the runtime has WebAssembly with vectors. The columns are the same. */
  readonly wasm?: boolean;
}

/** Memory for the input, the columns of about seventy forms, and what the kernel needs. */
const MEMORY = 5 << 20;

/**
 * Makes a reader that gives the records of `traceReader()` as columns: lines of one event with the same fields come
 * together, up to 256 of them, in their order. Where there is WebAssembly it reads several hundred megabytes a second.
 *
 * The columns are as exact as the records, but for letters' case and leading zeros of hex, and times that are no
 * decimal number of at most 18 digits.
 *
 * @param sink takes each batch, whose arrays are valid until it returns, for they are reused
 *
 * @example
 * ```ts
 * import { columnReader } from '@spte/trace';
 *
 * const rows: unknown[] = [];
 * const reader = columnReader(({ event, columns, words }) => {
 *   // Copied, for the arrays are used again.
 *   for (const { name, kind, values } of columns) {
 *     rows.push([event, name, kind === 'word' ? [...values].map((n) => words[Number(n)]) : [...values]]);
 *   }
 * });
 * const line = 'x-1 [000] ..... 6.042: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080\n';
 * reader.push(new TextEncoder().encode(line + line));
 * reader.end();
 * rows[1]; // [ 'kvm_mmu_set_spte', 'spte', [ 127401575n, 127401575n ] ]
 * rows[2]; // [ 'kvm_mmu_set_spte', 'access', [ 'rwxu', 'rwxu' ] ]
 * reader.counts.recognised; // 2
 * ```
 */
export function columnReader(
  sink: (batch: ColumnBatch) => void,
  { wasm = true }: ColumnOptions = {},
): ColumnReader {
  const kernel = createKernel(MEMORY, wasm);
  const { arena } = kernel;
  const addProgram = createPrograms(arena);

  const learn = ({ at }: Form, record: TraceRecord): void => {
    const program = rawProgram(record, at);
    if (program !== null) addProgram(record.event, program);
  };
  const store = createColumnStore(kernel, sink, learn);
  for (const [event, patterns] of TRACE_EVENTS) {
    for (const pattern of patterns) {
      const program = patternProgram(pattern, (fields) => store.formOf(event, 'text', formFields(fields)).at);
      addProgram(event, program);
    }
  }
  const reader = lineReader(({ record }) => {
    if (record !== null) store.add(record);
  }, 1);
  const feed = createLineFeed(kernel, reader, (status) => {
    if (status === STATUS.WORDS_FULL) store.flushWords();
    else store.flushForm(arena.get(STATE.FORM));
  });
  return {
    push: feed.push,
    flush: store.flush,
    end() {
      feed.end();
      store.flush();
    },
    counts: reader.counts,
  };
}
