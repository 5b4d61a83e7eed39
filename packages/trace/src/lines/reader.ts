// SPDX-License-Identifier: GPL-2.0-only

import type { TraceEntry, TraceRecord } from '../events/record.ts';
import { utf8Decoder } from '../text/utf8.ts';
import { type LostEvents, readLostEvents } from './lost-events.ts';
import { type LineReading, scanLine, skipQuotes } from './parse-line.ts';

/** What a reader has seen so far, and what the tracer says of events that are not there: `lost`, `lostMarks`. */
export interface TraceCounts extends LostEvents {
  readonly lines: number;
  /** Lines with a record. */
  readonly recognised: number;
  /** Lines that continue the record of the line before. */
  readonly continued: number;
  /** Lines without one. */
  readonly passed: number;
  /** Of those, lines that name an event of KVM's but cannot be read: cut off or garbled. */
  readonly damaged: number;
}

/** Reads a trace piece by piece. */
export interface TraceReader {
  /** Takes a piece of the input, cut anywhere. */
  push(chunk: Uint8Array | string): void;
  /** Takes the end of the input. */
  end(): void;
  readonly counts: TraceCounts;
}

/** A reader that shares a trace with one that is faster, and takes the lines that the other leaves. */
export interface LineReader extends TraceReader {
  /** Whether the next line continues nothing: no line is held back, and none has begun. */
  readonly idle: boolean;
  /** Number of the next line. */
  readonly next: number;
  /** Counts lines that the other has read, with or without a record. Only while it is idle. */
  skip(recognised: number, passed: number): void;
}

/** As what a line is counted. */
type Counted = 'recognised' | 'continued' | 'passed';

/** Longest line that is kept whole, in characters; a longer one is passed on in pieces. */
const MAX_LINE = 1 << 20;

/** Most lines into which a mail wraps one. */
const MAX_WRAPPED = 4;

/** A line that breaks off, and those after it that may be its rest. */
interface Held {
  readonly entries: TraceEntry[];
  readonly text: string;
}

/**
 * Makes a reader. It holds at most a few lines, each of at most a megabyte.
 *
 * @param sink takes every line of the input, in order; those that show SPTEs, exits or faults with a record
 * @param firstLine number of the first line, where it is not that of a trace
 *
 * @example
 * ```ts
 * import { traceReader } from '@spte/trace';
 *
 * const seen: string[] = [];
 * const reader = traceReader(({ line, record }) => {
 *   if (record !== null) seen.push(`${line} ${record.event}`);
 * });
 * // Cut anywhere.
 * reader.push('kvm_entry: vcpu 0\nkvm_mmu_set_spte: gfn 10 spte 797f');
 * reader.push('e67 (rwxu) level 1 at 1a1080\n');
 * reader.end();
 * seen; // [ '2 kvm_mmu_set_spte' ]
 * reader.counts; // { lines: 2, recognised: 1, continued: 0, passed: 1, damaged: 0, lost: 0, lostMarks: 0 }
 * ```
 *
 * @example
 * ```ts
 * import { traceReader } from '@spte/trace';
 *
 * const reader = traceReader(() => undefined);
 * // What a tracer could not keep is counted: an answer may be missing.
 * reader.push('CPU:1 [LOST 12 EVENTS]\n');
 * reader.end();
 * [reader.counts.lost, reader.counts.lostMarks]; // [ 12, 1 ]
 * ```
 */
export function traceReader(sink: (entry: TraceEntry) => void, firstLine = 1): TraceReader {
  const reader = lineReader(sink, firstLine);
  return { push: (chunk) => reader.push(chunk), end: () => reader.end(), counts: reader.counts };
}

/**
 * Whether a line has a record on its own, and belongs to no line before it. A trace may be cut before such a line: two
 * readers, one of the lines before it and one of the rest, give what one gives of the whole.
 *
 * @param text a whole line that a newline ends, without it
 * @returns false also for a line of more than a megabyte
 *
 * @example
 * ```ts
 * import { beginsAnew } from '@spte/trace';
 *
 * beginsAnew('x-1 [000] ..... 6.042: kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080'); // true
 * // An entry of a walk belongs to the lines before it.
 * beginsAnew('[ 15.93] kvm: ------ spte = 0x100e67 level = 1, rsvd bits = 0xffff000000000'); // false
 * beginsAnew('x-1 [000] ..... 6.043: kvm_entry: vcpu 0, rip 0x2000'); // false
 * ```
 */
export function beginsAnew(text: string): boolean {
  if (text.length > MAX_LINE) return false;
  const { record, block } = scanLine(text, 1);
  return record !== null && block !== 'continues' && block !== 'ends';
}

/** As {@link traceReader}. */
export function lineReader(sink: (entry: TraceEntry) => void, firstLine: number): LineReader {
  const decoder = utf8Decoder();
  const counts = { lines: 0, recognised: 0, continued: 0, passed: 0, damaged: 0, lost: 0, lostMarks: 0 };
  let rest = '';
  let line = firstLine;
  let held: Held | null = null;
  /** The block of log lines that has begun. */
  let block: { readonly line: number; readonly log: string | null } | null = null;

  /** The line that was counted last. */
  let last: { readonly line: number; readonly as: Counted } = { line: 0, as: 'passed' };

  /** Counts a line once, with a record where any of its pieces has one. */
  const count = ({ line, record, partOf }: TraceEntry, damaged: boolean): void => {
    counts.lines = line - firstLine + 1;
    const as = record !== null ? 'recognised' : partOf !== null ? 'continued' : 'passed';
    if (line === last.line) {
      if (as !== 'recognised' || last.as === 'recognised') return;
      counts[last.as]--;
    }
    counts[as]++;
    counts.damaged += Number(damaged);
    last = { line, as };
  };
  const emit = (entry: TraceEntry, damaged = false): void => {
    count(entry, damaged);
    sink(entry);
  };

  /** Releases the lines held back, as they are. */
  const release = (): void => {
    const [first, ...wrapped] = held?.entries ?? [];
    if (first !== undefined) emit(first, true);
    for (const entry of wrapped) emit(entry);
    held = null;
  };

  /** The block of a line. Log lines of a function belong together while no other text of KVM's stands between them. */
  const blockOf = (line: number, { block: part, log }: LineReading): number | null => {
    const begun = block?.log === log && part !== 'begins' ? block : null;
    block = part === 'begins' || part === 'continues' ? (begun ?? { line, log }) : null;
    return part === 'ends' ? (begun?.line ?? null) : (block?.line ?? null);
  };
  const inBlock = (record: TraceRecord, reading: LineReading): TraceRecord => {
    const block = blockOf(record.line, reading);
    return block === null ? record : { ...record, block };
  };

  /** Tries a line as the rest of those held back. */
  const join = (before: Held, { line, text, newline }: Omit<TraceEntry, 'record' | 'partOf'>): boolean => {
    const [first, ...wrapped] = before.entries;
    if (first === undefined || before.entries.length >= MAX_WRAPPED) return false;
    const whole = `${before.text} ${text.slice(skipQuotes(text)).trim()}`;
    const reading = scanLine(whole, first.line);
    const { record, cut } = reading;
    if (cut)
      held = { entries: [...before.entries, { line, text, newline, record, partOf: null }], text: whole };
    if (record === null) return cut;
    held = null;
    emit({ ...first, record: inBlock(record, reading) });
    for (const entry of wrapped) emit({ ...entry, partOf: first.line });
    emit({ line, text, newline, record: null, partOf: first.line });
    return true;
  };

  const take = (text: string, newline: boolean): void => {
    const number = line;
    if (newline) line++;
    const reading = scanLine(text, number);
    const { record, known, cut } = reading;
    const lost = known ? null : readLostEvents(text, skipQuotes(text));
    if (lost !== null) {
      counts.lost += lost.lost;
      counts.lostMarks += lost.lostMarks;
    }
    if (held !== null) {
      if (!known && join(held, { line: number, text, newline })) return;
      release();
    }
    if (record !== null) {
      emit({ line: number, text, newline, record: inBlock(record, reading), partOf: null });
      return;
    }
    // Words before the line that has the record.
    if (reading.log !== null) blockOf(number, reading);
    const entry = { line: number, text, newline, record, partOf: null };
    if (cut) held = { entries: [entry], text: text.trimEnd() };
    else emit(entry, known);
  };

  const takeLines = (text: string): void => {
    // What was left over has no newline: a long line that comes in small pieces is not searched again and again.
    const ends = text.includes('\n');
    rest += text;
    if (ends) takeWhole();
    rest = takePieces(rest);
  };

  /** Passes a line on that is too long to be kept whole; returns its last piece. */
  const takePieces = (text: string): string => {
    let start = 0;
    for (; text.length - start > MAX_LINE; start += MAX_LINE) {
      take(text.slice(start, start + MAX_LINE), false);
    }
    return text.slice(start);
  };

  const takeWhole = (): void => {
    let start = 0;
    for (;;) {
      const newline = rest.indexOf('\n', start);
      if (newline < 0) break;
      take(takePieces(rest.slice(start, newline)), true);
      start = newline + 1;
    }
    rest = rest.slice(start);
  };

  return {
    push(chunk) {
      takeLines(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    },
    end() {
      takeLines(decoder.decode());
      if (rest !== '') take(rest, false);
      rest = '';
      release();
    },
    counts,
    get idle() {
      return held === null && rest === '';
    },
    get next() {
      return line;
    },
    skip(recognised, passed) {
      line += recognised + passed;
      if (recognised + passed > 0) counts.lines = line - firstLine;
      counts.recognised += recognised;
      counts.passed += passed;
      if (recognised > 0) block = null;
    },
  };
}
