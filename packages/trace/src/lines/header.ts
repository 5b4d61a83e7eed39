// SPDX-License-Identifier: GPL-2.0-only
import { MAX_HEADER } from '../text/limits.ts';
import { isBlank, isDigit } from './cursor.ts';

/** Who wrote a line, where and when; null for what the line does not say. */
export interface Header {
  readonly task: string | null;
  readonly pid: number | null;
  readonly cpu: number | null;
  readonly timestamp: string | null;
}

const EMPTY: Header = { task: null, pid: null, cpu: null, timestamp: null };

/**
 * Reads what stands before an event, from its end backwards, for a task's name may hold anything.
 *
 * ```
 *           vmtest-222     [000] ...1.     6.038093: kvm_mmu_get_page: …    ftrace, trace-cmd (without flags)
 *        CPU 0/KVM-1234  ( 1200) [003] d..1.  6.0380: …                     ftrace with thread group
 *        CPU 0/KVM  1234 [003]     6.038093:   kvmmmu:kvm_mmu_get_page: …   perf script
 *        CPU 0/KVM  1234           6.038093:   kvmmmu:kvm_mmu_get_page: …   perf script without CPUs
 *           vmtest-222     0...1.     6.038093: kvm_mmu_get_page: …         trace-cmd report -l
 * ```
 *
 * @param end where the event begins
 */
export function parseHeader(text: string, start: number, end: number): Header {
  const colon = backOverBlanks(text, start, end) - 1;
  if (colon <= start || text.charCodeAt(colon) !== COLON || end - start > MAX_HEADER) return EMPTY;
  let from = colon;
  while (from > start && !isBlank(text.charCodeAt(from - 1))) from--;
  if (!isDigit(text.charCodeAt(from))) return EMPTY;
  const timestamp = text.slice(from, colon);
  const close = text.lastIndexOf(']', from);
  const cpu = close > start ? numberBefore(text, start, close) : null;
  if (cpu === null || text.charCodeAt(cpu.at - 1) !== BRACKET)
    return { ...withoutBrackets(text, start, from), timestamp };
  const who = backOverGroup(text, start, backOverBlanks(text, start, cpu.at - 1));
  const from2 = forwardOverBlanks(text, start, who);
  const { name, pid } = splitTask(text, from2, who);
  return { task: name === '' ? null : name, pid, cpu: cpu.value, timestamp };
}

/** The CPU with the flags behind it, as the latency format has them; their number in raw mode. */
const LATENCY_CPU = /^(\d{1,5})(?:-0x[\da-f]{1,8}|[.A-Za-z][.\w]{2,9})$/;

/** What stands before the time where no CPU is in brackets; nobody, unless there is a pid. */
function withoutBrackets(text: string, start: number, end: number): Header {
  const from = forwardOverBlanks(text, start, end);
  const till = backOverBlanks(text, from, end);
  let word = till;
  while (word > from && !isBlank(text.charCodeAt(word - 1))) word--;
  const [, cpu] = LATENCY_CPU.exec(text.slice(word, till)) ?? [];
  const { name, pid } = splitTask(text, from, cpu === undefined ? till : backOverBlanks(text, from, word));
  if (pid === null) return EMPTY;
  return { ...EMPTY, task: name === '' ? null : name, pid, cpu: cpu === undefined ? null : Number(cpu) };
}

const COLON = 58;
const BRACKET = 91;
const PARENTHESIS = 41;
const MINUS = 45;
const SLASH = 47;

/** `name-pid`, `name pid`, `name pid/tid`, or the numbers alone. */
function splitTask(text: string, start: number, end: number): { name: string; pid: number | null } {
  const whole = { name: text.slice(start, end), pid: null };
  const thread = numberBefore(text, start, end);
  if (thread === null) return whole;
  const process = text.charCodeAt(thread.at - 1) === SLASH ? numberBefore(text, start, thread.at - 1) : null;
  const { at } = process ?? thread;
  if (at === start) return { name: '', pid: thread.value };
  const separator = text.charCodeAt(at - 1);
  if (separator !== MINUS && !isBlank(separator)) return whole;
  return { name: text.slice(start, backOverBlanks(text, start, at - 1)), pid: thread.value };
}

/** Most digits of a number that is one. */
const DIGITS = 10;

/** The number that ends at `end`, and where it begins; null when there is none. */
function numberBefore(text: string, start: number, end: number): { at: number; value: number } | null {
  let at = end;
  let value = 0;
  for (let unit = 1; at > start && isDigit(text.charCodeAt(at - 1)); unit *= 10) {
    value += (text.charCodeAt(--at) - 48) * unit;
  }
  return at === end || end - at > DIGITS ? null : { at, value };
}

/** The thread group in parentheses, with the blanks before it. */
function backOverGroup(text: string, start: number, end: number): number {
  if (text.charCodeAt(end - 1) !== PARENTHESIS) return end;
  const open = text.lastIndexOf('(', end);
  return open < start ? end : backOverBlanks(text, start, open);
}

function backOverBlanks(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function forwardOverBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** `[   12.345678]` of the kernel log; with the time since the line before in the same brackets, if wanted. */
const LOG_TIME = /\[ {0,12}(\d{1,12}\.\d{1,9})(?: <[ .\d]{1,20}>)?\]/;

/** The caller, a task (`T123`) or a CPU (`C3`), in brackets of its own. */
const CALLER = /\[ {0,8}([TC])(\d{1,10})\]/;

/**
 * Reads what stands before a text of the kernel log. The time is the kernel's, in seconds; lines that give the time of
 * day instead (`dmesg -T`, a journal) have none.
 */
export function parseLogHeader(text: string, start: number, end: number): Header {
  const header = text.slice(start, Math.min(end, start + MAX_HEADER));
  const [, timestamp = null] = LOG_TIME.exec(header) ?? [];
  const [, kind, number] = CALLER.exec(header) ?? [];
  const caller = number === undefined ? null : Number(number);
  return {
    task: null,
    timestamp,
    pid: kind === 'T' ? caller : null,
    cpu: kind === 'C' ? caller : null,
  };
}
