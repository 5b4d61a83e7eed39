// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import type { LostEvents } from '../lines/lost-events.ts';
import { cpuBlocks } from './cpu-blocks.ts';
import { type CpuData, type DatFile, type Decompress, draftFile, readStart } from './dat-file.ts';
import { type EventFormat, formatName, parseEventFormat } from './event-format.ts';
import { openLedger } from './ledger.ts';
import { inOrder } from './merge.ts';
import { readNumber, recordFields } from './record-fields.ts';
import { type PageLayout, pageEvents, pageLoss, parseHeaderPage, type RawEvent } from './ring-buffer.ts';
import { type DatSource, type Pieces, piecesOf } from './source.ts';
import { formatTimestamp } from './timestamps.ts';
import { readVersion6 } from './version-6.ts';
import { readVersion7 } from './version-7.ts';

/** What a trace.dat may need. */
export interface DatOptions {
  /** Uncompresses the blocks of a compressed file, by the algorithm that {@link DatFile.compression} names. */
  readonly decompress?: Decompress | null | undefined;
  /** Whether events are given that show no entry and no fault; those that nobody here knows, by their fields alone. */
  readonly others?: boolean | undefined;
  /** Hears of lost events of a CPU, behind its last one before them; null where it is not said how many. */
  readonly onLost?: ((cpu: number, lost: number | null) => void) | undefined;
}

/** What was read of a trace.dat so far, and what it says of events that were lost. */
export interface DatCounts extends LostEvents {
  readonly events: number;
  /** Events that show page tables. */
  readonly recognised: number;
  /** Bytes of records that the file should have and does not: it is cut off. */
  readonly missing: number;
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
 * Whatever the size of the file and whatever it says of itself, the reader takes no more memory than 16 MiB for what
 * stands before the records, and 64 MiB for those that are waiting for their turn, some of each CPU. Where records are
 * missing at the end of the file, those that are there are read.
 *
 * @param from the file in memory, or from where its bytes are read when they are needed
 * @throws RangeError (`SPTE_TRACE_DAT`) when the file is not a trace.dat, is cut before its records, or says something
 *   impossible about itself; while the records are read, when a compressed block is damaged. `SPTE_TRACE_DAT_UNSUPPORTED`
 *   when nothing is wrong with it, but it is of another version, of a big-endian machine, a latency trace, or compressed and
 *   nothing to uncompress it was given
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
export function openDat(from: Uint8Array | DatSource, options: DatOptions = {}): DatTrace {
  const { decompress = null } = options;
  const source = piecesOf(from);
  const { reader, version, pageSize } = readStart(source);
  const draft = draftFile(openLedger(source.size));
  let compression = 'none';
  if (version === 6) readVersion6(source, reader, draft, pageSize);
  else {
    compression = reader.text();
    // Version of the algorithm.
    reader.text();
    readVersion7(source, reader.size(), draft, decompress);
  }
  const { ledger, ...found } = draft;
  for (const { size } of found.cpus.map((data) => within(source, data))) ledger.claim('CPU data', size);
  const layout = parseHeaderPage(found.headerPage);
  const file: DatFile = { ...found, version, compression };
  return { file, records: () => records(source, file, layout, options) };
}

/** What the file has of a CPU. */
function within<Data extends Pick<CpuData, 'offset' | 'size'>>(source: Pieces, data: Data): Data {
  const size = Math.min(data.size, Math.max(0, source.size - data.offset));
  return { ...data, size };
}

function* records(
  source: Pieces,
  { formats, cmdlines, cpus }: DatFile,
  layout: PageLayout,
  { decompress = null, others = false, onLost }: DatOptions,
): Generator<TraceRecord, DatCounts> {
  const known = knownFormats(formats, others);
  const tasks = taskNames(cmdlines);
  const blocks = cpuBlocks(source, cpus.length, decompress);
  const loss = { lost: 0, lostMarks: 0 };
  let events = 0;
  let recognised = 0;
  let missing = 0;
  const sources = cpus.map((data) => {
    const there = within(source, data);
    missing += data.size - there.size;
    return cpuEvents(there, layout, { loss, onLost }, blocks(there));
  });
  for (const { data, event } of inOrder(sources)) {
    events++;
    const pid = readNumber(PID, event);
    // Too short for what every record has.
    if (pid === null) continue;
    const format = known.get(Number(readNumber(TYPE, event)));
    if (format === undefined) continue;
    if (TRACE_EVENTS.has(format.name)) recognised++;
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
  return { events, recognised, missing, ...loss };
}

/** The formats of events that show page tables, and of others if wanted, by the number that their records carry. */
function knownFormats(formats: readonly string[], others: boolean): Map<number, EventFormat> {
  const known = new Map<number, EventFormat>();
  for (const text of formats) {
    const format = others || TRACE_EVENTS.has(formatName(text)) ? parseEventFormat(text) : null;
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
  { loss, onLost }: { readonly loss: Loss; readonly onLost: DatOptions['onLost'] },
  pages: Iterable<Uint8Array>,
): Generator<CpuEvent, void> {
  for (const block of pages) {
    for (let at = 0; at < block.length; at += data.pageSize) {
      const page = block.subarray(at, at + data.pageSize);
      const { lost, lostMarks } = pageLoss(page, layout) ?? NO_LOSS;
      loss.lost += lost;
      loss.lostMarks += lostMarks;
      if (lostMarks > 0) onLost?.(data.cpu, lost === 0 ? null : lost);
      for (const event of pageEvents(page, layout)) yield { data, event, timestamp: event.timestamp };
    }
  }
}
