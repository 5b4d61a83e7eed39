// SPDX-License-Identifier: GPL-2.0-only

import { LOG_TEXTS, type LogText } from '../events/log-texts.ts';
import type { Pattern } from '../events/pattern.ts';
import { rawFieldsOf } from '../events/raw-fields.ts';
import type { RecordForm, TraceRecord } from '../events/record.ts';
import { TRACE_EVENTS } from '../events/trace-events.ts';
import { cursorAt, isBlank } from './cursor.ts';
import { type Header, parseHeader, parseLogHeader } from './header.ts';
import { type Match, matchFirst, matchPattern, matchRaw } from './match.ts';

/** What a reader needs to know of a line beside its record, to put lines together. */
export interface LineNotes {
  /** Whether there is an event or a text of KVM's, whole or not. */
  known: boolean;
  /** Whether the line breaks off where its rest may be on the next one. */
  cut: boolean;
  /** How a log text takes part in a block. */
  block: LogText['block'];
}

/** Notes about nothing. */
export function noNotes(): LineNotes {
  return { known: false, cut: false, block: null };
}

/**
 * Reads one line: ftrace, trace-cmd, perf script, kernel log, bare or quoted in a mail. Takes time in proportion to the
 * length of the line, whatever it holds.
 *
 * ```ts
 * parseLine('kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080')?.sptes[0]?.value; // 0x797fe67n
 * ```
 *
 * @param line its number, for the record
 * @returns null for a line that shows nothing of KVM's page tables, or shows it cut off
 */
export function parseLine(text: string, line = 1): TraceRecord | null {
  return scanLine(text, line, noNotes());
}

/** As {@link parseLine}, with notes, which are overwritten. */
export function scanLine(text: string, line: number, notes: LineNotes): TraceRecord | null {
  const start = skipQuotes(text);
  notes.known = true;
  notes.block = null;
  for (let colon = text.indexOf(':', start), from = start; colon >= 0; colon = text.indexOf(':', from)) {
    // The first name before a colon that is an event counts.
    const at = nameBefore(text, from, colon);
    const name = at < colon && !isDigitCode(text.charCodeAt(at)) ? text.slice(at, colon) : '';
    const patterns = name === '' ? undefined : TRACE_EVENTS.get(name);
    if (patterns !== undefined) return readEvent(name, patterns, text, start, at, colon, line, notes);
    from = colon + 1;
  }
  return scanLog(text, start, line, notes);
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

function readEvent(
  event: string,
  patterns: readonly Pattern[],
  text: string,
  start: number,
  at: number,
  colon: number,
  line: number,
  notes: LineNotes,
): TraceRecord | null {
  let body = colon + 1;
  while (body < text.length && isBlank(text.charCodeAt(body))) body++;
  const match = matchFirst(patterns, text, body, text.length);
  const raw = typeof match === 'object' ? match : matchRaw(rawFieldsOf(event), text, body, text.length);
  const form = raw === match ? 'text' : 'raw';
  // perf puts the subsystem before the event.
  const system = at > start && text[at - 1] === ':' ? nameBefore(text, start, at - 1) : at;
  return finish(
    typeof raw === 'object' ? raw : match,
    notes,
    () => parseHeader(text, start, system),
    line,
    event,
    form,
  );
}

function finish(
  match: Match,
  notes: LineNotes,
  header: () => Header,
  line: number,
  event: string,
  form: RecordForm,
): TraceRecord | null {
  notes.cut = match === 'cut';
  if (typeof match !== 'object') return null;
  const { task, pid, cpu, timestamp } = header();
  const { fields, sptes } = match;
  return { line, event, form, task, pid, cpu, timestamp, fields, sptes, block: null };
}

function scanLog(text: string, start: number, line: number, notes: LineNotes): TraceRecord | null {
  notes.known = false;
  notes.cut = false;
  if (!WORDS.some((word) => text.includes(word, start))) return null;
  for (const log of LOG_TEXTS) {
    const at = text.indexOf(log.start, start);
    if (at < 0) continue;
    notes.known = true;
    const match = matchPattern(log.pattern, cursorAt(text, at, text.length));
    if (match === 'other') continue;
    if (match !== 'cut') notes.block = log.block;
    return finish(match, notes, () => parseLogHeader(text, start, at), line, log.event, 'log');
  }
  return null;
}

/** A word that every text of the log has, in one of two spellings. */
const WORDS = ['spte', 'SPTE'];
