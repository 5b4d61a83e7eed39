// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { ImageError } from '../memory/image-error.ts';
import { type PhysicalMemory, readExactly } from '../memory/memory.ts';
import { vmcoreinfoNote } from './notes.ts';
import { disjointSegments, type Segment, segmentedMemory } from './segments.ts';

/** Physical memory in an ELF core file. */
export interface ElfCoreMemory extends PhysicalMemory {
  /** Where the file has which memory: sorted by address, free of overlap. */
  readonly segments: readonly Segment[];
  /** Memory that the headers name and the file leaves out: filtered by makedumpfile. Offsets mean nothing here. */
  readonly filtered: readonly Segment[];
  /** The kernel's text about itself, where there is a note of it. */
  readonly vmcoreinfo: string | null;
  /** Whether it is `/proc/kcore`, which has segments that are no physical memory. */
  readonly isKcore: boolean;
}

/*
 * Offsets in the ELF64 headers, in bytes.
 *
 *  file header     0 magic  4 class  5 data  ..  18 machine  ..  32 phoff  40 shoff  ..  54 phentsize  56 phnum
 *  program header  0 type   ..  8 offset  16 vaddr  24 paddr  32 filesz  40 memsz  48 align
 *  section header  ..  44 info
 */
const FILE_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const DATA_LITTLE_ENDIAN = 1;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;

/** Machines whose dumps people have. */
const MACHINES: { readonly [Machine in number]?: string } = {
  3: '32-bit x86',
  20: '32-bit PowerPC',
  21: 'ppc64',
  22: 's390x',
  40: '32-bit ARM',
  183: 'arm64',
  243: 'RISC-V',
};

/** In `phnum`: there are more program headers than fit, and section header 0 says how many. */
const PN_XNUM = 0xffff;

/** More program headers than any machine has runs of memory; a larger number is a lie. */
const MAX_PROGRAM_HEADERS = 1 << 20;

/** Bytes of a program header, at most: with the size that a file may claim, 64 GB would have to be read. */
const MAX_PROGRAM_HEADER_BYTES = 1024;

/** Program headers that are read at once. */
const CHUNK = 512;

/** What `/proc/kcore` calls the address of a segment that is not physical memory; nothing can begin there. */
const LAST_ADDRESS = (1n << 64n) - 1n;

/** A program header. */
interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileBytes: bigint;
  readonly memoryBytes: bigint;
}

/**
 * Physical memory in an ELF core: QEMU's `dump-guest-memory`, a vmcore, `/proc/kcore`.
 *
 * What a program header claims beyond the file is a hole, as is what it leaves out of the file (`memsz` beyond
 * `filesz`: memory that was filtered). Where segments overlap, the one that starts lower counts, then the one that
 * stands first.
 *
 * @param file the file, addressed by offset
 * @throws ImageError when the file is not a little-endian ELF64 of x86-64, its headers are cut off, or their number is
 *   impossible
 */
export function elfCoreMemory(file: PhysicalMemory): ElfCoreMemory {
  const header = readHeader(file, 'file header', 0n, FILE_HEADER_BYTES);
  checkFileHeader(header);
  const size = header.getUint16(54, true);
  if (size < PROGRAM_HEADER_BYTES || size > MAX_PROGRAM_HEADER_BYTES) {
    throw new ImageError(
      `ELF phentsize is ${size}; a program header has ${PROGRAM_HEADER_BYTES} bytes, more than ${MAX_PROGRAM_HEADER_BYTES} are refused`,
    );
  }
  const count = programHeaderCount(file, header);
  const loads: Segment[] = [];
  const filtered: Segment[] = [];
  let vmcoreinfo: string | null = null;
  let isKcore = false;
  for (const one of programHeaders(file, header.getBigUint64(32, true), size, count)) {
    if (one.type === PT_NOTE) vmcoreinfo ??= vmcoreinfoNote(file, one.offset, one.fileBytes);
    if (one.type !== PT_LOAD) continue;
    isKcore ||= one.address === LAST_ADDRESS;
    const { address, offset, fileBytes, memoryBytes } = one;
    if (fileBytes > 0n && address + fileBytes <= LAST_ADDRESS) {
      loads.push({ address, offset, bytes: fileBytes });
    }
    if (memoryBytes > fileBytes && address + memoryBytes <= LAST_ADDRESS) {
      filtered.push({ address: address + fileBytes, offset, bytes: memoryBytes - fileBytes });
    }
  }
  const segments = disjointSegments(loads);
  return {
    ...segmentedMemory(file, segments),
    segments,
    filtered: disjointSegments(filtered),
    vmcoreinfo,
    isKcore,
  };
}

function checkFileHeader(header: DataView): void {
  if (header.getUint32(0) !== MAGIC)
    throw new ImageError('not an ELF file: it does not begin with 7f 45 4c 46');
  if (header.getUint8(4) !== CLASS_64 || header.getUint8(5) !== DATA_LITTLE_ENDIAN) {
    throw new ImageError(
      `an ELF of class ${header.getUint8(4)} and data ${header.getUint8(5)}; only ELF64 (2), little endian (1), holds x86-64 memory`,
    );
  }
  const machine = header.getUint16(18, true);
  if (machine !== EM_X86_64) {
    const name = MACHINES[machine];
    throw new ImageError(
      `an ELF of machine ${machine}${name === undefined ? '' : ` (${name})`}; only x86-64 (${EM_X86_64}) is read`,
    );
  }
}

function readHeader(file: PhysicalMemory, what: string, offset: bigint, length: number): DataView {
  const view = readExactly(file, offset, length);
  if (view === null)
    throw new ImageError(`ELF ${what} at offset ${hex(offset)} is cut off: the file ends before it`);
  return view;
}

function programHeaderCount(file: PhysicalMemory, header: DataView): number {
  const count = header.getUint16(56, true);
  if (count !== PN_XNUM) return count;
  const first = readHeader(file, 'section header 0', header.getBigUint64(40, true), SECTION_HEADER_BYTES);
  const real = first.getUint32(44, true);
  if (real > MAX_PROGRAM_HEADERS) {
    throw new ImageError(`ELF claims ${real} program headers; more than ${MAX_PROGRAM_HEADERS} are refused`);
  }
  return real;
}

function* programHeaders(
  file: PhysicalMemory,
  start: bigint,
  size: number,
  count: number,
): Generator<ProgramHeader, void> {
  for (let done = 0; done < count; done += CHUNK) {
    const here = Math.min(CHUNK, count - done);
    const view = readHeader(file, 'program header', start + BigInt(done) * BigInt(size), here * size);
    for (let at = 0; at < here * size; at += size) {
      yield {
        type: view.getUint32(at, true),
        offset: view.getBigUint64(at + 8, true),
        address: view.getBigUint64(at + 24, true),
        fileBytes: view.getBigUint64(at + 32, true),
        memoryBytes: view.getBigUint64(at + 40, true),
      };
    }
  }
}
