// SPDX-License-Identifier: GPL-2.0-only
import type { Dump } from '../containers/dump.ts';
import { asciiOf } from '../containers/notes.ts';

/** A page of the kernel's own text begins so; one of the note that it is in has a header before it. */
const DATA = 'OSRELEASE=';
const NOTE = 'VMCOREINFO\0';
const NOTE_NAME_AT = 12;
const NOTE_TEXT_AT = 24;

/** Pages that are looked at: the first 4 GiB of what is in the dump. Those seen were below 128 MiB. */
const MAX_SCANNED = 1 << 20;

/** A text that may be the kernel's about itself, and where it was found. */
export interface FoundText {
  readonly text: string;
  readonly where: string;
}

/**
 * Texts that may be the kernel's: that of the container, then those found in memory, in the order of addresses. Several
 * are normal: a kernel that was there before it, copies in the page cache, and those of guests look the same.
 */
export function* vmcoreinfoTexts(dump: Dump): Generator<FoundText, void> {
  if (dump.vmcoreinfo !== null) yield { text: dump.vmcoreinfo, where: 'the headers of the dump' };
  let left = MAX_SCANNED;
  for (const { start, end } of dump.runs()) {
    for (let pfn = start; pfn < end; pfn++) {
      if (left-- === 0) return;
      const { bytes } = dump.readPage(pfn);
      const text = bytes === null ? null : textIn(bytes);
      if (text !== null) yield { text, where: `the page at 0x${(pfn * 4096).toString(16)}` };
    }
  }
}

function textIn(page: Uint8Array): string | null {
  if (startsWith(page, 0, DATA)) return asciiOf(page);
  if (startsWith(page, NOTE_NAME_AT, NOTE)) return asciiOf(page.subarray(NOTE_TEXT_AT));
  return null;
}

function startsWith(page: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (page[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
