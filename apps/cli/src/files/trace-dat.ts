// SPDX-License-Identifier: GPL-2.0-only
import type { TraceCounts, TraceEntry, TraceRecord } from '@spte/trace';
import { type DatTrace, openDat } from '@spte/trace/dat';
import { shown, UsageError } from '../io/errors.ts';

/** Largest trace.dat, which is read whole, in bytes. */
const MAX_BYTES = 1 << 30;

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

async function openBytes(bytes: Uint8Array): Promise<DatTrace> {
  const { unzstdBlock } = await import('./zstd.ts');
  return openDat(bytes, { decompress: unzstdBlock });
}

/** The kernel and machine that a trace.dat was recorded on, as it says; empty where it does not. */
export async function datUname(bytes: Uint8Array): Promise<string> {
  return (await openBytes(bytes)).file.uname ?? '';
}

/** Gives the records of a trace.dat as the lines that `trace-cmd report -R` makes of them. */
export async function readTraceDat(
  bytes: Uint8Array,
  take: (entry: TraceEntry) => void,
  flush: () => Promise<void>,
): Promise<TraceCounts> {
  const records = (await openBytes(bytes)).records();
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
