// SPDX-License-Identifier: GPL-2.0-only
import { byteReader } from './byte-reader.ts';
import type { CpuData, Decompress } from './dat-file.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { Pieces } from './source.ts';
import { blockAt, uncompress } from './version-7.ts';

/** Bytes of the number of chunks. */
const CHUNK_COUNT = 4;

/** Bytes of pages that are read at once for all CPUs together, and for one of them. A page is read in any case. */
const AHEAD = 1 << 23;
const AHEAD_OF_CPU = 1 << 18;

/** Bytes of compressed blocks that are read at once to find where they begin. */
const SMALL = 1 << 10;

/**
 * Gives the recorded pages of a CPU, some at a time, uncompressed. What it gave before may be overwritten by what it gives
 * next.
 *
 * @param cpus the number of CPUs, which are read at the same time
 */
export function cpuBlocks(
  source: Pieces,
  cpus: number,
  decompress: Decompress | null,
): (data: CpuData) => Iterable<Uint8Array> {
  const ledger = openLedger(source.size);
  const ahead = Math.min(AHEAD_OF_CPU, Math.floor(AHEAD / Math.max(1, cpus)));
  return (data) => {
    if (data.size === 0) return [];
    return data.compressed
      ? packedBlocks(source, data, ledger, decompress)
      : pages(source, data, ledger, ahead);
  };
}

function* pages(
  source: Pieces,
  { offset, size, pageSize }: CpuData,
  ledger: Ledger,
  ahead: number,
): Generator<Uint8Array, void> {
  const most = Math.min(size, pageSize * Math.max(1, Math.floor(ahead / pageSize)));
  ledger.hold(most);
  const buffer = new Uint8Array(most);
  for (let at = 0; at < size; at += most) {
    yield source.piece(offset + at, Math.min(most, size - at), buffer);
  }
  ledger.release(most);
}

function* packedBlocks(
  source: Pieces,
  { offset, size }: CpuData,
  ledger: Ledger,
  decompress: Decompress | null,
): Generator<Uint8Array, void> {
  // The number of chunks stands before them and is not counted.
  const end = Math.min(source.size, offset + CHUNK_COUNT + size);
  const reader = byteReader(source, offset, 'CPU data', { end, ahead: SMALL });
  for (let chunks = reader.u32(); chunks > 0; chunks--) {
    const { packed, whole } = blockAt(reader, ledger);
    ledger.unpack(whole);
    ledger.hold(whole);
    yield uncompress(packed, whole, decompress);
    ledger.release(whole);
  }
}
