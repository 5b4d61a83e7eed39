// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '../record.ts';
import { TRACE_EVENTS } from '../trace-events.ts';
import { byteReader, refuse } from './byte-reader.ts';
import { type CpuData, type DatFile, type Decompress, draftFile, readStart } from './dat-file.ts';
import { type EventFormat, parseEventFormat } from './event-format.ts';
import { readNumber, recordFields } from './record-fields.ts';
import { type PageLayout, pageEvents, parseHeaderPage, type RawEvent } from './ring-buffer.ts';
import { timestampFormat } from './timestamps.ts';
import { readVersion6 } from './version-6.ts';
import { readVersion7, uncompress } from './version-7.ts';

/** What a trace.dat may need. */
export interface DatOptions {
  /** Uncompresses the blocks of a compressed file, by the algorithm that {@link DatFile.compression} names. */
  readonly decompress?: Decompress | undefined;
}

/** What was read of a trace.dat so far. */
export interface DatCounts {
  readonly events: number;
  /** Events that show page tables. */
  readonly recognised: number;
}

/** A trace.dat. */
export interface DatTrace {
  readonly file: DatFile;
  /** Its records in the order of their time. Their `line` is the number of the event, from 1. */
  records(): Generator<TraceRecord, DatCounts>;
}

/** An event with the CPU that recorded it. */
interface CpuEvent {
  readonly cpu: number;
  readonly event: RawEvent;
}

/** Fields that every record has. */
const TYPE = { name: 'common_type', offset: 0, size: 2, signed: false, kind: 'number' } as const;
const PID = { name: 'common_pid', offset: 4, size: 4, signed: true, kind: 'number' } as const;

/**
 * Opens a trace.dat of trace-cmd, version 6 or 7. Each record is read by the description of its event that the file
 * carries, never by a layout known beforehand.
 *
 * @throws RangeError (`SPTE_TRACE_DAT`) when the file is none, is compressed and nothing to uncompress it was given, or
 *   says something impossible about itself
 */
export function openDat(bytes: Uint8Array, { decompress = noDecompressor }: DatOptions = {}): DatTrace {
  const { reader, version, pageSize } = readStart(bytes);
  const draft = draftFile();
  let compression = 'none';
  if (version === 6) readVersion6(reader, draft, pageSize);
  else {
    compression = reader.text();
    // Version of the algorithm.
    reader.text();
    readVersion7(bytes, reader.size(), draft, decompress);
  }
  const claimed = draft.cpus.reduce((sum, { size }) => sum + size, 0);
  if (claimed > bytes.length) refuse(`its CPUs claim ${claimed} bytes, the file has ${bytes.length}`);
  const layout = parseHeaderPage(draft.headerPage);
  const file: DatFile = { ...draft, version, compression };
  return { file, records: () => records(bytes, file, layout, decompress) };
}

function noDecompressor(): Uint8Array {
  return refuse('it is compressed: pass a function that uncompresses a block');
}

function* records(
  bytes: Uint8Array,
  { formats, cmdlines, clock, cpus }: DatFile,
  layout: PageLayout,
  decompress: Decompress,
): Generator<TraceRecord, DatCounts> {
  const known = knownFormats(formats);
  const tasks = taskNames(cmdlines);
  const timestamp = timestampFormat(clock);
  let events = 0;
  let recognised = 0;
  for (const { cpu, event } of inOrder(cpus.map((data) => cpuEvents(bytes, data, layout, decompress)))) {
    events++;
    const format = known.get(Number(readNumber(TYPE, event)));
    if (format === undefined) continue;
    const pid = Number(readNumber(PID, event));
    recognised++;
    yield {
      line: events,
      event: format.name,
      form: 'raw',
      task: tasks.get(pid) ?? '<...>',
      pid,
      cpu,
      timestamp: timestamp(event.timestamp),
      ...recordFields(format, event),
      block: null,
    };
  }
  return { events, recognised };
}

/** The formats of events that show page tables, by the number that their records carry. */
function knownFormats(formats: readonly string[]): Map<number, EventFormat> {
  const known = new Map<number, EventFormat>();
  for (const text of formats) {
    const format = parseEventFormat(text);
    if (format !== null && TRACE_EVENTS.has(format.name)) known.set(format.id, format);
  }
  return known;
}

/** Names of tasks by their pid. */
function taskNames(cmdlines: string): Map<number, string> {
  const names = new Map([[0, '<idle>']]);
  for (const line of cmdlines.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) names.set(Number(line.slice(0, space)), line.slice(space + 1));
  }
  return names;
}

/** The events of a CPU, page by page. */
function* cpuEvents(
  bytes: Uint8Array,
  data: CpuData,
  layout: PageLayout,
  decompress: Decompress,
): Generator<CpuEvent, void> {
  for (const block of blocks(bytes, data, decompress)) {
    for (let at = 0; at < block.length; at += data.pageSize) {
      const page = block.subarray(at, at + data.pageSize);
      for (const event of pageEvents(page, layout)) yield { cpu: data.cpu, event };
    }
  }
}

/** Bytes of the number of chunks. */
const CHUNK_COUNT = 4;

/** The recorded pages, uncompressed piece by piece. */
function* blocks(
  bytes: Uint8Array,
  { offset, size, compressed }: CpuData,
  decompress: Decompress,
): Generator<Uint8Array, void> {
  if (size === 0) return;
  // The number of chunks stands before them and is not counted.
  const end = compressed ? offset + CHUNK_COUNT + size : offset + size;
  const reader = byteReader(bytes.subarray(0, end), offset, 'CPU data');
  if (!compressed) {
    yield reader.bytes(size);
    return;
  }
  for (let chunks = reader.u32(); chunks > 0; chunks--) yield uncompress(reader, decompress);
}

/** Merges the events of all CPUs by their time. */
function* inOrder(cpus: Iterator<CpuEvent, void>[]): Generator<CpuEvent, void> {
  const waiting = cpus.flatMap((events) => {
    const { value } = events.next();
    return value === undefined ? [] : [{ events, value }];
  });
  while (waiting.length > 0) {
    const first = waiting.reduce((a, b) => (b.value.event.timestamp < a.value.event.timestamp ? b : a));
    yield first.value;
    const { value } = first.events.next();
    if (value === undefined) waiting.splice(waiting.indexOf(first), 1);
    else first.value = value;
  }
}
