// SPDX-License-Identifier: GPL-2.0-only

import type { Pattern } from '../events/pattern.ts';
import { type RawField, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { FieldValue, SpteRole, TracedSpte } from '../events/record.ts';
import { type Cursor, cursorAt, lastValue, readField, skipBlanks, skipLiteral } from './cursor.ts';

/** The fields of a line and the SPTEs among them. */
export interface Matched {
  readonly fields: Record<string, FieldValue>;
  readonly sptes: readonly TracedSpte[];
}

/** `cut`: the text ends before the pattern does, and fits so far: the rest may be on the next line. */
export type Match = Matched | 'cut' | 'other';

/** An SPTE before its level is known, which may stand after it. */
interface Found {
  readonly role: SpteRole;
  readonly value: bigint;
}

const NONE: readonly Found[] = [];

/** Reads a text by the first pattern that fits it. */
export function matchFirst(patterns: readonly Pattern[], text: string, start: number, end: number): Match {
  let result: Match = 'other';
  for (const pattern of patterns) {
    const match = matchPattern(pattern, cursorAt(text, start, end));
    if (typeof match === 'object') return match;
    if (match === 'cut') result = match;
  }
  return result;
}

/** Reads a text by a pattern. What follows the pattern may be anything: later kernels append fields. */
export function matchPattern({ tokens, required }: Pattern, cursor: Cursor): Match {
  const fields: Record<string, FieldValue> = {};
  let found = NONE;
  let index = 0;
  for (const { kind, literal, field, stop, role } of tokens) {
    if (kind === 'literal') {
      if (!skipLiteral(cursor, literal)) break;
    } else if (kind === 'switch') {
      const { at } = cursor;
      const present = skipLiteral(cursor, literal);
      if (!present) cursor.at = at;
      fields[field] = present;
    } else {
      const value = readField(cursor, kind, stop);
      if (value === null) break;
      fields[field] = value;
      if (role !== null) found = [...found, { role, value: lastValue(cursor) }];
    }
    index++;
  }
  if (index < required) return cursor.at >= cursor.end ? 'cut' : 'other';
  return { fields, sptes: withLevel(found, fields['level']) };
}

const MAX_LEVEL = 5;

/** Gives every SPTE the level of the line. */
export function withLevel(found: readonly Found[], printed: FieldValue | undefined): readonly TracedSpte[] {
  const level = typeof printed === 'number' && printed >= 1 && printed <= MAX_LEVEL ? printed : null;
  return found.map(({ role, value }) => ({ role, value, level }));
}

/** What stands before fields that a tracer could not print as the kernel would have. */
export const UNPARSED = '[FAILED TO PARSE] ';

/** Reads `name=value` fields, as trace-cmd prints the binary record in raw mode; one of them must be known. */
export function matchRaw(
  known: ReadonlyMap<string, RawField>,
  text: string,
  start: number,
  end: number,
): Match {
  const cursor = cursorAt(text, start, end);
  if (!skipLiteral(cursor, UNPARSED)) cursor.at = start;
  const fields: Record<string, FieldValue> = {};
  let found = NONE;
  let anyKnown = false;
  while (cursor.at < end) {
    const equals = text.indexOf('=', cursor.at);
    const name = equals < 0 ? '' : text.slice(cursor.at, equals);
    if (!NAME.test(name)) break;
    const field = known.get(name);
    cursor.at = equals + 1;
    const { kind, role } = field ?? UNKNOWN_FIELD;
    const value = readField(cursor, kind);
    if (value === null) break;
    anyKnown ||= field !== undefined;
    fields[name] = value;
    if (role !== null) found = [...found, { role, value: lastValue(cursor) }];
    skipBlanks(cursor);
  }
  return anyKnown ? { fields, sptes: withLevel(found, fields['level']) } : 'other';
}

/** Bounded, so that the test of a long line is short. */
const NAME = /^\w{1,64}$/;
