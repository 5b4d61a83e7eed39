// SPDX-License-Identifier: GPL-2.0-only
import type { TraceCounts, TraceEntry, TraceRecord } from '@spte/trace';
import { openDat } from '@spte/trace/dat';
import { decompress } from 'fzstd';
import { shown, UsageError } from '../io/errors.ts';
import { startsWith } from './read-input.ts';

/** First bytes of a trace.dat. */
const MAGIC = [0x17, 0x08, 0x44, ...Buffer.from('tracing')];

/** Largest trace.dat, which is read whole, in bytes. */
const MAX_BYTES = 1 << 30;

/** Whether an input that begins so is a trace.dat. */
export function isTraceDat(first: Uint8Array): boolean {
  return startsWith(first, MAGIC);
}

/** Puts the pieces of a trace.dat together. */
export async function wholeTraceDat(path: string, chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new UsageError(`${shown(path)} is longer than ${MAX_BYTES} bytes`);
    pieces.push(chunk);
  }
  return Buffer.concat(pieces);
}

/** Records after which what was written is waited for. */
const BATCH = 256;

/** Gives the records of a trace.dat as the lines that `trace-cmd report -R` makes of them. */
export async function readTraceDat(
  bytes: Uint8Array,
  take: (entry: TraceEntry) => void,
  flush: () => Promise<void>,
): Promise<TraceCounts> {
  const records = openDat(bytes, {
    decompress: (block, size) => decompress(block, new Uint8Array(size)),
  }).records();
  let next = records.next();
  for (let count = 1; next.done !== true; next = records.next(), count++) {
    const record = next.value;
    take({ line: record.line, text: textOf(record), newline: true, record, partOf: null });
    if (count % BATCH === 0) await flush();
  }
  const { events, recognised, lost, lostMarks } = next.value;
  return {
    lines: events,
    recognised,
    continued: 0,
    passed: events - recognised,
    damaged: 0,
    lost,
    lostMarks,
  };
}

function textOf({ task, pid, cpu, timestamp, event, fields }: TraceRecord): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const where = `[${String(cpu ?? 0).padStart(3, '0')}]`;
  return `${task ?? '<...>'}-${pid ?? 0} ${where} ${timestamp ?? ''}: ${event}: ${values.join(' ')}`;
}
