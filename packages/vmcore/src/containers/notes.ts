// SPDX-License-Identifier: GPL-2.0-only
import { type PhysicalMemory, readExactly } from '../memory/memory.ts';

/*
 * A note: 0 namesz  4 descsz  8 type  12 name, then the description; both padded to four bytes.
 */
const HEADER_BYTES = 12;

/** The note of a kernel about itself. */
const VMCOREINFO = 'VMCOREINFO';

/** Bytes of that text; a kernel's has 2.5 to 4 KB. */
export const MAX_VMCOREINFO_BYTES: number = 1 << 16;

/** Notes that are looked at: a machine has two or three for each CPU. */
const MAX_NOTES = 1 << 16;

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** The text of a kernel about itself in a run of ELF notes; null where it is not. */
export function vmcoreinfoNote(file: PhysicalMemory, start: bigint, bytes: bigint): string | null {
  let at = start;
  for (let count = 0; count < MAX_NOTES && at - start < bytes; count++) {
    const header = readExactly(file, at, HEADER_BYTES);
    if (header === null) return null;
    const nameBytes = header.getUint32(0, true);
    const textBytes = header.getUint32(4, true);
    const text = at + BigInt(HEADER_BYTES + padded(nameBytes));
    if (nameBytes === VMCOREINFO.length + 1 && textBytes <= MAX_VMCOREINFO_BYTES) {
      const name = file.read(at + BigInt(HEADER_BYTES), VMCOREINFO.length);
      const found = file.read(text, textBytes);
      if (name !== null && found !== null && asciiOf(name) === VMCOREINFO) return asciiOf(found);
    }
    at = text + BigInt(padded(textBytes));
  }
  return null;
}

/** Bytes as text, up to a NUL; anything that is not ASCII becomes whatever it is in Latin-1. */
export function asciiOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  let text = '';
  for (const byte of end < 0 ? bytes : bytes.subarray(0, end)) text += String.fromCharCode(byte);
  return text;
}
