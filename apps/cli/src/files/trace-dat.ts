// SPDX-License-Identifier: GPL-2.0-only
import type { TraceCounts, TraceEntry, TraceRecord } from '@spte/trace';
import { type DatCounts, type DatOptions, type DatTrace, openDat } from '@spte/trace/dat';
import { DamagedError, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { fileBytes, spooledBytes } from './dat-bytes.ts';

/** An open trace.dat. */
export interface TraceDat {
  /** The kernel and machine that it was recorded on, as it says; empty where it does not. */
  readonly uname: string;
  /** Its records, as the lines that `trace-cmd report -R` makes of them. */
  readonly entries: () => Generator<TraceEntry, DatCounts>;
  readonly close: () => void;
}

/**
 * Opens a trace.dat: its bytes are read from its file when they are needed. What is no plain file is written into one
 * first.
 *
 * @param chunks what the input gives, decompressed
 * @param onRead hears how many bytes more were read
 * @param how which events are wanted, and who hears of those that were lost
 * @throws DamagedError where it is cut before its records, or contradicts itself; so do the entries
 */
export async function openTraceDat(
  io: Io,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void = () => undefined,
  how: Omit<DatOptions, 'decompress'> = {},
): Promise<TraceDat> {
  const bytes = io.spooled?.get(path) ?? fileBytes(io, path) ?? (await spooledBytes(path, chunks));
  const { size, read } = bytes;
  const source = {
    size,
    read(into: Uint8Array, offset: number) {
      read(into, offset);
      onRead(into.length);
    },
  };
  try {
    const { unzstdBlock } = await import('./zstd.ts');
    const trace = openDat(source, { ...how, decompress: unzstdBlock });
    return { uname: trace.file.uname ?? '', entries: () => entriesOf(path, trace), close: bytes.close };
  } catch (error) {
    bytes.close();
    throw refused(path, error);
  }
}

const UNSUPPORTED = 'SPTE_TRACE_DAT_UNSUPPORTED: ';

/** What an error of the reader means: what begins as a trace.dat does is one. */
function refused(path: string, error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  const text = `cannot read ${shown(path)}: ${error.message}`;
  return error.message.startsWith(UNSUPPORTED) ? new UsageError(text) : new DamagedError(text);
}

function* entriesOf(path: string, trace: DatTrace): Generator<TraceEntry, DatCounts> {
  try {
    const records = trace.records();
    let next = records.next();
    for (; next.done !== true; next = records.next()) {
      const record = next.value;
      yield { line: record.line, text: textOf(record), newline: true, record, partOf: null };
    }
    return next.value;
  } catch (error) {
    throw refused(path, error);
  }
}

/** Records after which what was written is waited for. */
const BATCH = 256;

/** Takes the entries of a trace.dat. */
export async function readTraceDat(
  io: Io,
  path: string,
  { entries }: TraceDat,
  take: (entry: TraceEntry) => void,
  flush: () => Promise<void>,
): Promise<TraceCounts> {
  const all = entries();
  let next = all.next();
  for (let count = 1; next.done !== true; next = all.next(), count++) {
    take(next.value);
    if (count % BATCH === 0) await flush();
  }
  const { events, recognised, lost, lostMarks, missing } = next.value;
  if (missing > 0)
    io.complain(`spte: ${shown(path)} is cut off: ${missing} bytes of its records are missing\n`);
  return {
    lines: events,
    recognised,
    continued: 0,
    passed: events - recognised,
    // An event at least.
    damaged: missing > 0 ? 1 : 0,
    lost,
    lostMarks,
  };
}

function textOf({ task, pid, cpu, timestamp, event, fields }: TraceRecord): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const where = `[${String(cpu ?? 0).padStart(3, '0')}]`;
  return `${task ?? '<...>'}-${pid ?? 0} ${where} ${timestamp ?? ''}: ${event}: ${values.join(' ')}`;
}
