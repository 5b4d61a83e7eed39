// SPDX-License-Identifier: GPL-2.0-only
import { type ByteReader, byteReader, latin1, refuse, unsupported } from './byte-reader.ts';
import type { Ledger } from './ledger.ts';
import type { Pieces } from './source.ts';

/**
 * Uncompresses a block. What it throws is the cause of the error that the reader throws.
 *
 * @param size how long the result must be, in bytes; a decompressor should stop there, and take no more memory
 */
export type Decompress = (compressed: Uint8Array, size: number) => Uint8Array;

/** Where the recorded pages of a CPU are. */
export interface CpuData {
  /** Name of the instance of ftrace that recorded them; empty for the top one. */
  readonly instance: string;
  /** The clock of that instance. */
  readonly clock: string;
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
  readonly compressed: boolean;
  /** Bytes of a page of the ring buffer. */
  readonly pageSize: number;
}

/** What a trace.dat says before its records. */
export interface DatFile {
  /** 6 or 7. */
  readonly version: number;
  /** How it is compressed; `none` where it is not. */
  readonly compression: string;
  /** The kernel and machine that it was recorded on; null where the file does not say. */
  readonly uname: string | null;
  /** The clock of its timestamps; an instance may have another. */
  readonly clock: string;
  /** Fields of a page of the ring buffer. */
  readonly headerPage: string;
  /** The `format` files of its events. */
  readonly formats: readonly string[];
  /** Names of tasks, `pid name` a line. */
  readonly cmdlines: string;
  readonly cpus: readonly CpuData[];
}

/** While a file is read. */
export interface DatDraft {
  readonly ledger: Ledger;
  uname: string | null;
  clock: string;
  headerPage: string;
  readonly formats: string[];
  cmdlines: string;
  readonly cpus: CpuData[];
}

const MAGIC = '\x17\x08Dtracing';

/** What every version begins with. */
export function readStart(source: Pieces): { reader: ByteReader; version: number; pageSize: number } {
  const reader = byteReader(source, 0, 'header');
  if (source.size < MAGIC.length || latin1(reader.bytes(MAGIC.length)) !== MAGIC) {
    refuse('this file does not begin as a trace.dat does');
  }
  const version = Number(reader.text());
  if (version !== 6 && version !== 7) unsupported('only versions 6 and 7 are known');
  if (reader.u8() !== 0) unsupported('it was recorded on a big-endian machine, which has no KVM for x86');
  // Bytes of a long in user space.
  reader.u8();
  return { reader, version, pageSize: checkPageSize(reader.u32()) };
}

/** Refuses a page size that no kernel has. */
export function checkPageSize(size: number): number {
  return size >= 4096 && size <= 1 << 20 ? size : refuse(`a page of ${size} bytes`);
}

/** An empty draft. */
export function draftFile(ledger: Ledger): DatDraft {
  return { ledger, uname: null, clock: 'local', headerPage: '', formats: [], cmdlines: '', cpus: [] };
}

/** `header_page`, then `header_event`, each a file. */
export function readHeaderInfo(reader: ByteReader, draft: DatDraft): void {
  reader.text();
  draft.headerPage = fileText(reader, draft);
  reader.text();
  skipFile(reader);
}

/** Formats of ftrace's own events: none is of interest. */
export function skipFtraceFormats(reader: ByteReader, { ledger }: DatDraft): void {
  for (let count = reader.u32(); count > 0; count--) {
    ledger.keep(0);
    skipFile(reader);
  }
}

/** Formats of events, system by system. */
export function readFormats(reader: ByteReader, draft: DatDraft): void {
  for (let systems = reader.u32(); systems > 0; systems--) {
    draft.ledger.keep(0);
    reader.text();
    for (let events = reader.u32(); events > 0; events--) draft.formats.push(fileText(reader, draft));
  }
}

function skipFile(reader: ByteReader): void {
  reader.skip(reader.size());
}

/** A file with its size before it. */
export function fileText(reader: ByteReader, { ledger }: DatDraft): string {
  const size = reader.size();
  ledger.keep(size);
  return latin1(reader.bytes(size));
}

/** Ids of options that both versions have. */
const TRACECLOCK = 4;
const UNAME = 5;

/** Takes an option that means the same in both versions. */
export function takeOption(draft: DatDraft, id: number, data: Uint8Array): void {
  if (id === UNAME) draft.uname = cText(data);
  // The clock in use stands in brackets among all that there are.
  if (id === TRACECLOCK) draft.clock = /\[(\w{1,32})\]/.exec(cText(data))?.[1] ?? draft.clock;
}

function cText(data: Uint8Array): string {
  const end = data.indexOf(0);
  return latin1(end < 0 ? data : data.subarray(0, end));
}
