// SPDX-License-Identifier: GPL-2.0-only

import { LOG_TEXTS, type LogText } from '../events/log-texts.ts';
import type { Pattern } from '../events/pattern.ts';
import { rawFieldsOf } from '../events/raw-fields.ts';
import type { RecordForm, TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { cursorAt, isBlank } from './cursor.ts';
import { type Header, parseHeader, parseLogHeader } from './header.ts';
import { type Matched, matchFirst, matchPattern, matchRaw } from './match.ts';

/** What a line shows, with what a reader needs to put lines together. */
export interface LineReading {
  readonly record: TraceRecord | null;
  /** Whether there is an event or a text of KVM's, whole or not. */
  readonly known: boolean;
  /** Whether the line breaks off where its rest may be on the next one. */
  readonly cut: boolean;
  /** How a log text takes part in a block. */
  readonly block: LogText['block'];
  /** The function that writes the log text; null for other lines. */
  readonly log: string | null;
}

const NOTHING: LineReading = { record: null, known: false, cut: false, block: null, log: null };
const GARBLED: LineReading = { ...NOTHING, known: true };
const CUT: LineReading = { ...GARBLED, cut: true };

/**
 * Reads one line: ftrace, trace-cmd, perf script, kernel log, bare or quoted in a mail. Takes time in proportion to the
 * length of the line, whatever it holds.
 *
 * @param line its number, for the record
 * @returns null for a line that shows nothing of KVM's page tables or of what the guest met there, or shows it cut off
 *
 * @example
 * ```ts
 * import { parseLine } from '@spte/trace';
 *
 * const record = parseLine('kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080');
 * record?.fields['access']; // rwxu
 * record?.sptes; // [ { role: 'spte', value: 127401575n, level: 1 } ]
 * ```
 *
 * @example
 * ```ts
 * import { parseLine } from '@spte/trace';
 *
 * // Quoted in a mail, as the kernel log has it.
 * parseLine('> [   15.93] kvm: ------ spte = 0x100e67 level = 1, rsvd bits = 0xffff000000000')?.sptes[0]?.level; // 1
 * parseLine('vmtest-222 [000] ..... 6.043: kvm_entry: vcpu 0, rip 0x2000'); // null
 * ```
 */
export function parseLine(text: string, line = 1): TraceRecord | null {
  return scanLine(text, line).record;
}

/** As {@link parseLine}, with what a reader needs. */
export function scanLine(text: string, line: number): LineReading {
  const start = skipQuotes(text);
  const found = findEvent(text, start);
  return found === null ? readLog(text, start, line) : readEvent(text, start, line, found);
}

/** Goes past `> > ` of a quoted mail. */
export function skipQuotes(text: string): number {
  let at = 0;
  let start = 0;
  while (at < text.length && (text[at] === '>' || text[at] === ' ')) if (text[at++] === '>') start = at;
  return start;
}

/** Longest name of an event. */
const MAX_NAME = 64;

/** Where the name begins that ends at `end`; `end` itself when there is none. */
function nameBefore(text: string, start: number, end: number): number {
  const stop = Math.max(start, end - MAX_NAME);
  let at = end;
  while (at > stop && isNameCode(text.charCodeAt(at - 1))) at--;
  return at;
}

const isDigitCode = (code: number): boolean => code >= 48 && code <= 57;
const isNameCode = (code: number): boolean => (code >= 97 && code <= 122) || code === 95 || isDigitCode(code);

/** An event's name in a line, and how its text may go on after the colon. */
interface FoundEvent {
  readonly event: string;
  readonly patterns: readonly Pattern[];
  readonly at: number;
  readonly colon: number;
}

/** The first name before a colon that is an event. */
function findEvent(text: string, start: number): FoundEvent | null {
  for (let colon = text.indexOf(':', start), from = start; colon >= 0; colon = text.indexOf(':', from)) {
    const at = nameBefore(text, from, colon);
    const event = at < colon && !isDigitCode(text.charCodeAt(at)) ? text.slice(at, colon) : '';
    const patterns = event === '' ? undefined : TRACE_EVENTS.get(event);
    if (patterns !== undefined) return { event, patterns, at, colon };
    from = colon + 1;
  }
  return null;
}

function readEvent(
  text: string,
  start: number,
  line: number,
  { event, patterns, at, colon }: FoundEvent,
): LineReading {
  let body = colon + 1;
  while (body < text.length && isBlank(text.charCodeAt(body))) body++;
  const match = matchFirst(patterns, text, body, text.length);
  const raw = typeof match === 'object' ? match : matchRaw(rawFieldsOf(event), text, body, text.length);
  if (typeof raw !== 'object') return match === 'cut' ? CUT : GARBLED;
  const form = raw === match ? 'text' : 'raw';
  // perf puts the subsystem before the event.
  const system = at > start && text[at - 1] === ':' ? nameBefore(text, start, at - 1) : at;
  const record = recordOf(line, event, form, parseHeader(text, start, system), raw);
  return { ...GARBLED, record };
}

function readLog(text: string, start: number, line: number): LineReading {
  if (!WORDS.some((word) => text.includes(word, start))) return NOTHING;
  let known = false;
  for (const { event, start: beginning, pattern, block, prose } of LOG_TEXTS) {
    const at = text.indexOf(beginning, start);
    if (at < 0) continue;
    known = true;
    if (prose) return { ...NOTHING, block, log: event };
    const match = matchPattern(pattern, cursorAt(text, at, text.length));
    if (match === 'other') continue;
    if (match === 'cut') return CUT;
    const record = recordOf(line, event, 'log', parseLogHeader(text, start, at), match);
    return { record, known: true, cut: false, block, log: event };
  }
  return known ? GARBLED : NOTHING;
}

function recordOf(
  line: number,
  event: string,
  form: RecordForm,
  { task, pid, cpu, timestamp }: Header,
  { fields, sptes }: Matched,
): TraceRecord {
  return { line, event, form, task, pid, cpu, timestamp, fields, sptes, block: null };
}

/** A word that every text of the log has, in one of two spellings. */
const WORDS = ['spte', 'SPTE'];
