// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { beginsAnew, MAX_LINES_APART, type TraceRecord, traceReader } from '@spte/trace';
import { isCompressed, readInput, readRange } from '../files/read-input.ts';
import { FORM_BYTES, textForm } from '../files/text-form.ts';
import { isTraceDat } from '../files/trace-magic.ts';
import { type Io, pathOf } from '../io/io.ts';

/** Where a line begins: its first byte, and its number. */
interface Place {
  readonly offset: number;
  readonly line: number;
}

/** Lines of an input that one thread annotates. */
export interface Section {
  /** Where the earlier lines begin that its own are compared with. */
  readonly lead: Place;
  readonly start: Place;
  /** Where the next section begins; Infinity for the end of the input. */
  readonly end: number;
  /** Its file as it was found, to notice one that is replaced or cut; null when the section is a whole input. */
  readonly file: { readonly inode: number; readonly size: number } | null;
}

const BEGIN: Place = { offset: 0, line: 1 };

/** A whole input. */
export const WHOLE: Section = { lead: BEGIN, start: BEGIN, end: Number.POSITIVE_INFINITY, file: null };

/** Smallest section, in bytes: another thread annotates as much until a new one has started and become fast. */
const MIN_BYTES = 1 << 24;
/** Largest section whose lines are printed, in bytes: they wait in a file. */
const MAX_PRINTED_BYTES = 1 << 25;

/**
 * The size of sections in bytes: the share of a thread, because each section has a start-up cost.
 *
 * @param total the size of all inputs
 * @param prints whether lines are printed
 */
export function sectionBytes(io: Io, total: number, threads: number, prints: boolean): number {
  const share = Math.max(MIN_BYTES, Math.ceil(total / threads));
  return io.sectionBytes ?? (prints ? Math.min(share, MAX_PRINTED_BYTES) : share);
}

/** The number of sections into which an input may be cut, at most. */
export function maxSections(io: Io, path: string): number {
  const { size } = textFile(io, path) ?? { size: 0 };
  return Math.max(1, Math.ceil(size / (io.sectionBytes ?? MIN_BYTES)));
}

/**
 * Cuts an input into sections of the given number of bytes, or a little more. Annotated one after the other, they give
 * what the whole input gives.
 *
 * A section begins with a line that does not continue an earlier one. So does its lead, which has as many lines as there
 * may be between two that are compared. Only text files are cut, by their size at this moment; the last section goes on
 * to the end that the file has when it is read.
 */
export function* sectionsOf(io: Io, path: string, bytes: number): Generator<Section, void> {
  const file = textFile(io, path);
  if (file === null) {
    yield WHOLE;
    return;
  }
  let section: Section = { ...WHOLE, file: { inode: file.inode, size: file.size } };
  let at: Place | null = BEGIN;
  while (at !== null && at.offset + bytes < file.size) {
    const nominal: number = at.offset + bytes;
    at = lineAfter(file.path, at, (offset) => offset >= nominal);
    const cut: Cut | null = at === null ? null : cutAfter(file.path, at);
    if (cut === null) continue;
    yield { ...section, end: cut.start.offset };
    section = { ...section, ...cut };
    at = cut.start;
  }
  yield section;
}

/** A plain text file: neither compressed nor encoded, and no trace.dat. Null for anything else. */
function textFile(
  io: Io,
  input: string,
): { readonly path: string; readonly size: number; readonly inode: number } | null {
  if (input === '-') return null;
  const path = pathOf(io, input);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return null;
  const first = bytesAt(path, 0, Buffer.allocUnsafe(FORM_BYTES));
  const isPlain = !isCompressed(first) && !isTraceDat(first) && textForm(first) === null;
  return isPlain ? { path, size: stats.size, inode: stats.ino } : null;
}

type Cut = Pick<Section, 'lead' | 'start'>;

/** Looks for the beginning of a section from a place on, and for its lead. */
function cutAfter(path: string, at: Place): Cut | null {
  const lead = at.line <= MAX_LINES_APART ? BEGIN : freshLine(path, at);
  if (lead === null) return null;
  const from = lead === BEGIN ? at : lineAfter(path, lead, (_, line) => line >= lead.line + MAX_LINES_APART);
  const start = from === null ? null : freshLine(path, from);
  return start === null ? null : { lead, start };
}

const NEWLINE = 10;
const CHUNK = 1 << 20;

/** The first line after another one whose place satisfies a condition; null when the file ends before. */
function lineAfter(
  path: string,
  { offset, line }: Place,
  holds: (offset: number, line: number) => boolean,
): Place | null {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let begin = offset, number = line; ; begin += CHUNK) {
    const chunk = bytesAt(path, begin, buffer);
    for (let at = chunk.indexOf(NEWLINE) + 1; at > 0; at = chunk.indexOf(NEWLINE, at) + 1) {
      if (holds(begin + at, ++number)) return { offset: begin + at, line: number };
    }
    if (chunk.length < CHUNK) return null;
  }
}

/** The first line from a place on that does not continue an earlier one; null when there is none within a megabyte. */
function freshLine(path: string, { offset, line }: Place): Place | null {
  const text = bytesAt(path, offset, Buffer.allocUnsafe(CHUNK));
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let at = 0, number = line; ; number++) {
    const end = text.indexOf(NEWLINE, at);
    if (end < 0) return null;
    if (beginsAnew(decoder.decode(text.subarray(at, end)))) return { offset: offset + at, line: number };
    at = end + 1;
  }
}

/** Bytes of a file, fewer at its end. None when it cannot be read: the reader of the section says why. */
function bytesAt(path: string, offset: number, buffer: Buffer): Buffer {
  try {
    const fd = openSync(path, 'r');
    try {
      return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, offset));
    } finally {
      closeSync(fd);
    }
  } catch {
    return buffer.subarray(0, 0);
  }
}

/** The bytes of a section; of a whole input what `readInput()` gives. */
export function readSection(
  io: Io,
  path: string,
  { file, start, end }: Section,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  return file === null ? readInput(io, path, onRead) : readRange(io, path, file, [start.offset, end], onRead);
}

/** The records of a section's lead. */
export async function leadRecords(
  io: Io,
  path: string,
  { file, lead, start }: Section,
): Promise<TraceRecord[]> {
  const records: TraceRecord[] = [];
  if (file === null || lead.offset === start.offset) return records;
  const reader = traceReader(({ record }) => {
    if (record !== null) records.push(record);
  }, lead.line);
  for await (const chunk of readRange(io, path, file, [lead.offset, start.offset])) reader.push(chunk);
  reader.end();
  return records;
}
