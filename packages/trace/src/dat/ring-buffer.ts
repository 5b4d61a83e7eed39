// SPDX-License-Identifier: GPL-2.0-only
import type { LostEvents } from '../lines/lost-events.ts';
import { refuse } from './byte-reader.ts';
import { MAX_FORMAT, parseFormatField } from './event-format.ts';

/** Where things are in a page of the ring buffer. */
export interface PageLayout {
  /** Offset of the number of bytes in use. */
  readonly commit: number;
  /** Bytes of it. */
  readonly commitSize: number;
  /** Offset of the records. */
  readonly data: number;
}

/** Reads `header_page`. */
export function parseHeaderPage(text: string): PageLayout {
  if (text.length > MAX_FORMAT) refuse(`a header_page of ${text.length} bytes`);
  const fields = new Map(
    text
      .split('\n')
      .flatMap(parseFormatField)
      .map((field) => [field.name, field]),
  );
  const commit = fields.get('commit');
  const data = fields.get('data');
  if (commit === undefined || data === undefined) refuse('header_page has neither commit nor data');
  return { commit: commit.offset, commitSize: commit.size, data: data.offset };
}

/** A record in a page. */
export interface RawEvent {
  /** In units of the clock, nanoseconds for most. */
  readonly timestamp: bigint;
  readonly page: DataView;
  /** Where the record begins in the page, and where it ends. */
  readonly start: number;
  readonly end: number;
}

/** The first 28 values of `type_len` are lengths in words. */
const MAX_SHORT = 28;
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;

/** Bits of a time delta that fit into the header of a record. */
const DELTA_BITS = 27n;

/** Flags about lost records stand above the number of bytes in use: some were, and how many stands behind the data. */
const COMMIT_MASK = 0xf_ffff;
const MISSED_EVENTS = 0x8000_0000;
const MISSED_STORED = 0x4000_0000;

/** What a page says of records that were lost before it; null where none were. */
export function pageLoss(bytes: Uint8Array, layout: PageLayout): LostEvents | null {
  const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < layout.commit + 4) return null;
  const commit = page.getUint32(layout.commit, true);
  if ((commit & MISSED_EVENTS) === 0) return null;
  const place = layout.data + (commit & COMMIT_MASK);
  const stored = (commit & MISSED_STORED) !== 0 && place + 8 <= bytes.length;
  return { lost: stored ? Number(page.getBigUint64(place, true)) : 0, lostMarks: 1 };
}

/**
 * The records of a page, oldest first. Stops where the page says something impossible.
 *
 * ```
 *  31                     5 4      0
 *  ┌────────────────────────┬────────┐   type_len 1..28: 4 * type_len bytes follow; 0: their number follows
 *  │ time since the last    │type_len│   29 padding, 30 more of the time, 31 the time itself
 *  └────────────────────────┴────────┘
 * ```
 */
export function* pageEvents(bytes: Uint8Array, layout: PageLayout): Generator<RawEvent, void> {
  const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < Math.max(layout.data, layout.commit + 4, 8)) return;
  const used = page.getUint32(layout.commit, true) & COMMIT_MASK;
  const end = Math.min(layout.data + used, bytes.length);
  let timestamp = page.getBigUint64(0, true);
  for (let at = layout.data; at + 4 <= end; ) {
    const header = page.getUint32(at, true);
    const delta = BigInt(header >>> 5);
    const type = header & 0x1f;
    const word = at + 8 <= end ? page.getUint32(at + 4, true) : 0;
    if (type === TIME_EXTEND || type === TIME_STAMP) {
      const time = (BigInt(word) << DELTA_BITS) + delta;
      timestamp = type === TIME_EXTEND ? timestamp + time : time;
      at += 8;
    } else if (type === PADDING) {
      // Padding without a length is the rest of the page.
      if (delta === 0n) return;
      timestamp += delta;
      at += 4 + word;
    } else {
      const start = type === 0 ? at + 8 : at + 4;
      // The number counts itself.
      const length = type === 0 ? word - 4 : type * 4;
      if (type > MAX_SHORT || length < 0 || start + length > end) return;
      timestamp += delta;
      yield { timestamp, page, start, end: start + length };
      at = start + ((length + 3) & ~3);
    }
  }
}
