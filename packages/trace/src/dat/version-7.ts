// SPDX-License-Identifier: GPL-2.0-only
import { type ByteReader, byteReader, memoryReader, refuse, unsupported } from './byte-reader.ts';
import {
  checkPageSize,
  type DatDraft,
  type Decompress,
  fileText,
  readFormats,
  readHeaderInfo,
  takeOption,
} from './dat-file.ts';
import { CPU_BYTES, type Ledger } from './ledger.ts';
import type { Pieces } from './source.ts';

/** Ids of options, and of the sections that those with an offset point to. */
const DONE = 0;
const BUFFER = 3;
const HEADER_INFO = 16;
const EVENT_FORMATS = 18;
const CMDLINES = 21;

const COMPRESSED = 1;

/** Most sections of options that are followed: each points to the next, and may do so in a circle. */
const MAX_OPTION_SECTIONS = 64;

/** Reads what follows the compression header of a version 7 file: options, and the sections that they point to. */
export function readVersion7(
  source: Pieces,
  first: number,
  draft: DatDraft,
  decompress: Decompress | null,
): void {
  let next = first;
  for (let count = 0; next !== 0; count++) {
    if (count === MAX_OPTION_SECTIONS) refuse('its options point to each other without end');
    const options = openSection(source, next, draft.ledger, decompress);
    next = 0;
    while (!options.done) {
      const id = options.u16();
      const size = options.u32();
      draft.ledger.keep(size);
      const data = options.bytes(size);
      if (id === DONE) {
        next = memoryReader(data, 'option').size();
        break;
      }
      takeSection(source, id, data, draft, decompress);
    }
  }
}

function takeSection(
  source: Pieces,
  id: number,
  data: Uint8Array,
  draft: DatDraft,
  decompress: Decompress | null,
): void {
  const option = memoryReader(data, 'option');
  const section = (): ByteReader => openSection(source, option.size(), draft.ledger, decompress);
  switch (id) {
    case HEADER_INFO:
      readHeaderInfo(section(), draft);
      break;
    case EVENT_FORMATS:
      readFormats(section(), draft);
      break;
    case CMDLINES:
      draft.cmdlines = fileText(section(), draft);
      break;
    case BUFFER:
      takeBuffer(source, option, draft);
      break;
    default:
      takeOption(draft, id, data);
  }
}

/** Header of a section: id, flags, name, size. */
function sectionHeader(
  source: Pieces,
  offset: number,
): { reader: ByteReader; compressed: boolean; size: number } {
  const reader = byteReader(source, offset, 'section');
  reader.u16();
  const compressed = (reader.u16() & COMPRESSED) !== 0;
  reader.u32();
  return { reader, compressed, size: reader.size() };
}

/** A section: its header, then its bytes, or the one block that they make up. */
function openSection(
  source: Pieces,
  offset: number,
  ledger: Ledger,
  decompress: Decompress | null,
): ByteReader {
  const { reader, compressed, size } = sectionHeader(source, offset);
  ledger.claim('section', size);
  const content = reader.part(size);
  if (!compressed) return content;
  const { packed, whole } = blockAt(content, ledger);
  ledger.keep(whole);
  return memoryReader(uncompress(packed, whole, decompress), 'section');
}

/** A compressed block, and how many bytes it has uncompressed. */
export interface PackedBlock {
  readonly packed: Uint8Array;
  readonly whole: number;
}

/** Reads a compressed block: its size before and after, then its bytes. */
export function blockAt(reader: ByteReader, ledger: Ledger): PackedBlock {
  const size = reader.u32();
  const whole = reader.u32();
  ledger.block(size, whole);
  return { packed: reader.bytes(size), whole };
}

/** Uncompresses a block. */
export function uncompress(packed: Uint8Array, whole: number, decompress: Decompress | null): Uint8Array {
  if (decompress === null) return unsupported('it is compressed: pass a function that uncompresses a block');
  const { length } = packed;
  let block: Uint8Array;
  try {
    block = decompress(packed, whole);
  } catch (error) {
    return refuse(`a block of ${length} bytes cannot be uncompressed: ${reasonOf(error)}`, error);
  }
  if (block.length !== whole) refuse(`a block of ${block.length} bytes that should have ${whole}`);
  return block;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no reason was given';
}

/** Where the records of an instance are, CPU by CPU. */
function takeBuffer(source: Pieces, option: ByteReader, draft: DatDraft): void {
  const { compressed } = sectionHeader(source, option.size());
  const instance = option.text();
  const clock = option.text();
  if (instance === '') draft.clock = clock;
  const pageSize = checkPageSize(option.u32());
  for (let cpus = option.u32(); cpus > 0; cpus--) {
    draft.ledger.keep(CPU_BYTES);
    const [cpu, offset, size] = [option.u32(), option.size(), option.size()];
    draft.cpus.push({ instance, clock, cpu, offset, size, compressed, pageSize });
  }
}
