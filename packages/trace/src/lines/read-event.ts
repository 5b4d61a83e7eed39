// SPDX-License-Identifier: GPL-2.0-only
import { OTHER_EVENTS } from '../events/other-events.ts';
import { OTHER_FIELDS } from '../events/raw-fields.ts';
import type { TraceRecord } from '../events/record.ts';
import { MAX_HEADER } from '../text/limits.ts';
import { isBlank } from './cursor.ts';
import { parseHeader } from './header.ts';
import { type Matched, matchFirst, matchRaw } from './match.ts';
import { parseLine, skipQuotes } from './parse-line.ts';

/** Behind the time: the subsystem, by perf, and the event. */
const EVENT = /\d\.\d{1,9}: {1,64}(?:[a-z_][\w-]{0,63}:)?(\w{1,64}):/g;

/** What a line shows of whose text nothing is known. */
const NOTHING: Matched = { fields: {}, sptes: [] };

/** trace-cmd's name for what is written into `trace_marker`. */
const PRINT = 'print';
const MARKER = 'tracing_mark_write';

/**
 * Reads a line of a tracer whatever its event is: {@link parseLine} reads only events that show entries or faults. Of
 * events that nobody here knows the record has no fields.
 *
 * @returns null for a line without the beginning `task-pid [cpu] … time: event:`
 *
 * @example
 * ```ts
 * import { readEvent } from '@spte/trace';
 *
 * readEvent('vmtest-222 [000] ..... 6.043: kvm_mmio: mmio write len 1 gpa 0xd0000000 val 0x5')?.fields;
 * // { type: 'write', len: 1, gpa: '0xd0000000', val: '0x5' }
 * readEvent('swapper-0 [001] ..... 6.044: sched_switch: prev_comm=swapper')?.event; // sched_switch
 * readEvent('# tracer: nop'); // null
 * ```
 */
export function readEvent(text: string, line = 1): TraceRecord | null {
  const start = skipQuotes(text);
  const found = EVENT.exec(text.slice(start, start + MAX_HEADER));
  EVENT.lastIndex = 0;
  if (found === null) return null;
  const known = parseLine(text, line);
  if (known !== null && known.form !== 'log') return known;
  const [head, name] = found;
  const event = name === PRINT ? MARKER : String(name);
  const at = start + found.index + head.indexOf(':') + 1;
  const header = parseHeader(text, start, at);
  if (header.pid === null || header.cpu === null) return null;
  let body = start + found.index + head.length;
  while (body < text.length && isBlank(text.charCodeAt(body))) body++;
  const match = matchFirst(OTHER_EVENTS.get(event) ?? [], text, body, text.length);
  const read = typeof match === 'object' ? match : matchRaw(OTHER_FIELDS, text, body, text.length);
  const form = read === match ? 'text' : 'raw';
  const { fields, sptes } = typeof read === 'object' ? read : NOTHING;
  return { line, event, form, ...header, fields, sptes, block: null };
}
