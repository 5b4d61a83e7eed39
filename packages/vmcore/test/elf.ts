// SPDX-License-Identifier: GPL-2.0-only

/** A segment of a core to be written; what is not given follows from the bytes. */
export interface ElfSegment {
  readonly paddr: bigint;
  readonly bytes: Uint8Array;
  /** 1, PT_LOAD, when absent. */
  readonly type?: number;
  readonly filesz?: bigint;
  readonly memsz?: bigint;
}

/** How a core is to be written. */
export interface ElfOptions {
  /** Bytes of a program header; 56 when absent. */
  readonly phentsize?: number;
  /** Whether section header 0 says how many segments there are. */
  readonly extended?: boolean;
}

const FILE_HEADER = 64;

/** Writes an ELF64 core: headers, a section header if need be, then the bytes of each segment. */
export function buildElf(
  segments: readonly ElfSegment[],
  { phentsize = 56, extended = false }: ElfOptions = {},
): Uint8Array<ArrayBuffer> {
  const sections = FILE_HEADER + segments.length * phentsize;
  const data = sections + (extended ? 64 : 0);
  const size = segments.reduce((sum, { bytes }) => sum + bytes.length, data);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 4, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(FILE_HEADER), true);
  view.setUint16(52, FILE_HEADER, true);
  view.setUint16(54, phentsize, true);
  view.setUint16(56, extended ? 0xffff : segments.length, true);
  if (extended) {
    view.setBigUint64(40, BigInt(sections), true);
    view.setUint16(58, 64, true);
    view.setUint16(60, 1, true);
    view.setUint32(sections + 44, segments.length, true);
  }
  let offset = data;
  segments.forEach(({ paddr, bytes, type = 1, filesz, memsz }, i) => {
    const at = FILE_HEADER + i * phentsize;
    const length = filesz ?? BigInt(bytes.length);
    view.setUint32(at, type, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 24, paddr, true);
    view.setBigUint64(at + 32, length, true);
    view.setBigUint64(at + 40, memsz ?? length, true);
    file.set(bytes, offset);
    offset += bytes.length;
  });
  return file;
}
