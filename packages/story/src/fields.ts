// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';

/*
 * What stands in a line, by the names that the text of the kernel and the binary record give to one and the same field.
 */

const PAGE_SHIFT = 12n;

/** A field by any of its names; undefined where there is none. */
export function fieldOf(
  { fields }: TraceRecord,
  name: string,
  rawName: string = name,
): string | number | boolean | undefined {
  return fields[name] ?? fields[rawName];
}

/** A number; null where the line has none. */
export function numberOf(record: TraceRecord, name: string, rawName?: string): number | null {
  const value = fieldOf(record, name, rawName);
  if (typeof value === 'number') return value;
  const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

const HEX = /^0x[\da-f]{1,16}$/i;

/** A word of 64 bits; null where the line has none. */
export function wordOf(record: TraceRecord, name: string, rawName?: string): bigint | null {
  const value = fieldOf(record, name, rawName);
  if (typeof value === 'number') return BigInt(value);
  return typeof value === 'string' && HEX.test(value) ? BigInt(value) : null;
}

/** The page in which an address lies; null where there is no address. */
export const pageOf = (address: bigint | null): number | null =>
  address === null ? null : Number(address >> PAGE_SHIFT);

/** A number as `0x…`. */
export const hexOf = (value: number | bigint): string => `0x${value.toString(16)}`;

/** Bits by which a gfn is shifted for the entry of a level. */
export const levelShift = (level: number): number => 9 * (level - 1);

/** Whether an entry for `gfn` at a level maps a page. */
export function covers(gfn: number, level: number, page: number): boolean {
  const span = 2 ** levelShift(level);
  return Math.floor(gfn / span) === Math.floor(page / span);
}

/** Who wrote a line, as tracers name it. */
export const taskOf = (record: TraceRecord): string => `${record.task ?? '<...>'}-${pidOf(record)}`;

/** The pid; 0 where there is none. */
export const pidOf = ({ pid }: TraceRecord): number => pid ?? 0;

/** Nanoseconds of a printed time; null for none. */
export function nanoseconds(time: string | null): number | null {
  if (time === null) return null;
  const [seconds = '', fraction = ''] = time.split('.');
  const whole = Number(seconds) * 1e9 + Number(fraction.slice(0, 9).padEnd(9, '0'));
  return Number.isFinite(whole) ? whole : null;
}
