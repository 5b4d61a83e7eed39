// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import type { LostEvents } from '../lines/lost-events.ts';
import { byteReader } from './byte-reader.ts';
import { type CpuData, type DatFile, type Decompress, draftFile, readStart } from './dat-file.ts';
import { type EventFormat, formatName, parseEventFormat } from './event-format.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { inOrder } from './merge.ts';
import { readNumber, recordFields } from './record-fields.ts';
import { type PageLayout, pageEvents, pageLoss, parseHeaderPage, type RawEvent } from './ring-buffer.ts';
import { formatTimestamp } from './timestamps.ts';
import { readVersion6 } from './version-6.ts';
import { blockAt, readVersion7, uncompress } from './version-7.ts';

/** What a trace.dat may need. */
export interface DatOptions {
  /** Uncompresses the blocks of a compressed file, by the algorithm that {@link DatFile.compression} names. */
  readonly decompress?: Decompress | null | undefined;
}

/** What was read of a trace.dat so far, and what it says of events that were lost. */
export interface DatCounts extends LostEvents {
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
  readonly data: CpuData;
  readonly event: RawEvent;
  readonly timestamp: bigint;
}

/** Fields that every record has. */
const TYPE = { name: 'common_type', offset: 0, size: 2, signed: false, kind: 'number' } as const;
const PID = { name: 'common_pid', offset: 4, size: 4, signed: true, kind: 'number' } as const;

/**
 * Opens a trace.dat of trace-cmd, version 6 or 7. Each record is read by the description of its event that the file
 * carries, never by a layout known beforehand. Instances of ftrace beside the top one are read too.
 *
 * Whatever the file says of itself, the reader takes no more memory than is in proportion to the size of the file, to
 * 64 MiB of sections that were compressed, and to 256 MiB of compressed blocks in use, and reads no byte of it twice.
 *
 * @throws RangeError (`SPTE_TRACE_DAT`) when the file is not a trace.dat, is compressed and nothing to uncompress it was given, or
 *   says something impossible about itself; while the records are read, when a compressed block is damaged
 *
 * @example
 * ```ts
 * import { openDat } from '@spte/trace/dat';
 *
 * const refusal = (bytes: Uint8Array): string => {
 *   try {
 *     return `${[...openDat(bytes).records()].length} records`;
 *   } catch (error) {
 *     return String(error);
 *   }
 * };
 * refusal(new Uint8Array(12)); // RangeError: SPTE_TRACE_DAT: this file does not begin as a trace.dat does
 * refusal(Uint8Array.of(0x17, 0x08, 0x44, ...new TextEncoder().encode('tracing6\0'))); // RangeError: SPTE_TRACE_DAT: header: 1 bytes at 12 are beyond the end, 12
 * ```
 */
export function openDat(bytes: Uint8Array, { decompress = null }: DatOptions = {}): DatTrace {
  const { reader, version, pageSize } = readStart(bytes);
  const draft = draftFile(openLedger(bytes.length));
  let compression = 'none';
  if (version === 6) readVersion6(bytes, reader, draft, pageSize);
  else {
    compression = reader.text();
    // Version of the algorithm.
    reader.text();
    readVersion7(bytes, reader.size(), draft, decompress);
  }
  const { ledger, ...found } = draft;
  for (const { size } of found.cpus) ledger.claim('CPU data', size);
  const layout = parseHeaderPage(found.headerPage);
  const file: DatFile = { ...found, version, compression };
  return { file, records: () => records(bytes, file, layout, decompress) };
}

function* records(
  bytes: Uint8Array,
  { formats, cmdlines, cpus }: DatFile,
  layout: PageLayout,
  decompress: Decompress | null,
): Generator<TraceRecord, DatCounts> {
  const known = knownFormats(formats);
  const tasks = taskNames(cmdlines);
  const ledger = openLedger(bytes.length);
  const loss = { lost: 0, lostMarks: 0 };
  let events = 0;
  let recognised = 0;
  for (const { data, event } of inOrder(
    cpus.map((data) => cpuEvents(data, layout, loss, blocks(bytes, data, ledger, decompress))),
  )) {
    events++;
    const pid = readNumber(PID, event);
    // Too short for what every record has.
    if (pid === null) continue;
    const format = known.get(Number(readNumber(TYPE, event)));
    if (format === undefined) continue;
    recognised++;
    yield {
      line: events,
      event: format.name,
      form: 'raw',
      task: tasks.get(Number(pid)) ?? '<...>',
      pid: Number(pid),
      cpu: data.cpu,
      timestamp: formatTimestamp(data.clock, event.timestamp),
      ...recordFields(format, event),
      block: null,
    };
  }
  return { events, recognised, ...loss };
}

/** The formats of events that show page tables, by the number that their records carry. */
function knownFormats(formats: readonly string[]): Map<number, EventFormat> {
  const known = new Map<number, EventFormat>();
  for (const text of formats) {
    const format = TRACE_EVENTS.has(formatName(text)) ? parseEventFormat(text) : null;
    if (format !== null) known.set(format.id, format);
  }
  return known;
}

/** Most tasks whose names are kept. */
const MAX_TASKS = 1 << 17;

/** Names of tasks by their pid: line by line, for the text may be long and its lines short. */
function taskNames(cmdlines: string): Map<number, string> {
  const names = new Map([[0, '<idle>']]);
  for (let start = 0, end = 0; start < cmdlines.length && names.size < MAX_TASKS; start = end + 1) {
    const newline = cmdlines.indexOf('\n', start);
    end = newline < 0 ? cmdlines.length : newline;
    const line = cmdlines.slice(start, end);
    const space = line.indexOf(' ');
    if (space > 0) names.set(Number(line.slice(0, space)), line.slice(space + 1));
  }
  return names;
}

const NO_LOSS: LostEvents = { lost: 0, lostMarks: 0 };

/** Counts lost events. */
type Loss = { -readonly [Name in keyof LostEvents]: LostEvents[Name] };

/** The events of a CPU, page by page. */
function* cpuEvents(
  data: CpuData,
  layout: PageLayout,
  loss: Loss,
  pages: Iterable<Uint8Array>,
): Generator<CpuEvent, void> {
  for (const block of pages) {
    for (let at = 0; at < block.length; at += data.pageSize) {
      const page = block.subarray(at, at + data.pageSize);
      const { lost, lostMarks } = pageLoss(page, layout) ?? NO_LOSS;
      loss.lost += lost;
      loss.lostMarks += lostMarks;
      for (const event of pageEvents(page, layout)) yield { data, event, timestamp: event.timestamp };
    }
  }
}

/** Bytes of the number of chunks. */
const CHUNK_COUNT = 4;

/** The recorded pages, uncompressed piece by piece. */
function* blocks(
  bytes: Uint8Array,
  { offset, size, compressed }: CpuData,
  ledger: Ledger,
  decompress: Decompress | null,
): Generator<Uint8Array, void> {
  if (size === 0) return;
  // The number of chunks stands before them and is not counted.
  const end = compressed ? offset + CHUNK_COUNT + size : offset + size;
  const reader = byteReader(bytes.subarray(0, end), offset, 'CPU data');
  if (!compressed) {
    yield reader.bytes(size);
    return;
  }
  for (let chunks = reader.u32(); chunks > 0; chunks--) {
    const { packed, whole } = blockAt(reader);
    ledger.hold(whole);
    yield uncompress(packed, whole, decompress);
    ledger.release(whole);
  }
}
