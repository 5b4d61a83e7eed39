// SPDX-License-Identifier: GPL-2.0-only

import { rawFieldsOf, UNKNOWN_FIELD } from '../events/raw-fields.ts';
import type { FieldValue, SpteRole, TracedSpte } from '../events/record.ts';
import { withLevel } from '../lines/match.ts';
import { latin1 } from './byte-reader.ts';
import type { EventFormat, FormatField } from './event-format.ts';
import type { RawEvent } from './ring-buffer.ts';

/** The fields of a record and the SPTEs among them, as raw mode of trace-cmd prints them. */
export function recordFields(
  format: EventFormat,
  event: RawEvent,
): { fields: Record<string, FieldValue>; sptes: readonly TracedSpte[] } {
  const known = rawFieldsOf(format.name);
  const fields: Record<string, FieldValue> = {};
  const found: { role: SpteRole; value: bigint }[] = [];
  for (const field of format.fields) {
    if (field.name.startsWith('common_')) continue;
    if (field.kind !== 'number') {
      const text = readText(field, event);
      if (text !== null) fields[field.name] = text;
      continue;
    }
    const value = readNumber(field, event);
    if (value === null) continue;
    const { kind, role } = known.get(field.name) ?? UNKNOWN_FIELD;
    if (kind === 'decimal' && isSafe(value)) fields[field.name] = Number(value);
    else if (kind === 'decimal' || kind === 'word') fields[field.name] = String(value);
    else fields[field.name] = `0x${unsigned(value).toString(16)}`;
    if (role !== null) found.push({ role, value: unsigned(value) });
  }
  return { fields, sptes: withLevel(found, fields['level']) };
}

/** Whether a `number` can hold it; a file may give any field 64 bits. */
const isSafe = (value: bigint): boolean => Number.isSafeInteger(Number(value));

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** A number of the record; null when the record is too short for it. */
export function readNumber({ offset, size, signed }: FormatField, event: RawEvent): bigint | null {
  const { page, start, end } = event;
  const at = start + offset;
  if (at + size > end) return null;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(page.getUint8(at + i));
  return signed ? BigInt.asIntN(8 * size, value) : value;
}

/** Characters of the record up to a NUL; null where there are none. */
function readText(field: FormatField, event: RawEvent): string | null {
  const place = field.kind === 'text' ? null : readNumber({ ...field, signed: false }, event);
  const { page, start, end } = event;
  let at = start + field.offset;
  let size = field.size;
  if (field.kind !== 'text') {
    if (place === null || field.kind === 'other') return null;
    // Where in the lower half, how long in the upper.
    size = Number(place >> 16n);
    at = Number(place & 0xffffn) + (field.kind === 'located' ? start : at + field.size);
  }
  if (at + size > end) return null;
  const bytes = new Uint8Array(page.buffer, page.byteOffset + at, size);
  const nul = bytes.indexOf(0);
  return latin1(nul < 0 ? bytes : bytes.subarray(0, nul));
}
