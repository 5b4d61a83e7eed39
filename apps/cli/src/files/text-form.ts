// SPDX-License-Identifier: GPL-2.0-only
import { isQuotedPrintable, undoQuotedPrintable } from '@spte/host';
import { isTraceDat } from './trace-magic.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** How a text is encoded that is not plain UTF-8. */
export interface TextForm {
  readonly what: string;
  readonly decode: (chunks: Chunks) => AsyncGenerator<Uint8Array, void>;
}

/** Bytes that are looked at for how a text is encoded; no fewer than a line of a mail. */
export const FORM_BYTES: number = 1 << 16;

const MAIL: TextForm = { what: 'quoted-printable, as in a mail', decode: mail };
const LITTLE: TextForm = { what: 'UTF-16', decode: (chunks) => utf16(chunks, 'utf-16le') };
const BIG: TextForm = { what: 'UTF-16', decode: (chunks) => utf16(chunks, 'utf-16be') };

/** How a text that begins so is encoded; null for plain text, and for a trace.dat. */
export function textForm(first: Uint8Array): TextForm | null {
  if (isTraceDat(first)) return null;
  if (first[0] === 0xff && first[1] === 0xfe) return LITTLE;
  if (first[0] === 0xfe && first[1] === 0xff) return BIG;
  return isQuotedPrintable(Buffer.from(first).toString('latin1', 0, FORM_BYTES)) ? MAIL : null;
}

async function* utf16(chunks: Chunks, encoding: string): AsyncGenerator<Uint8Array, void> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/** Longest line of a mail, in bytes; a longer one is no longer a mail, and may be cut. */
const MAX_LINE = 1 << 20;

/** Undoes the encoding line by line: a line that goes on waits for its rest. */
async function* mail(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += Buffer.from(chunk).toString('latin1');
    const end = rest.length > MAX_LINE ? rest.length : endOfLines(rest);
    if (end > 0) yield Buffer.from(undoQuotedPrintable(rest.slice(0, end)), 'latin1');
    rest = rest.slice(end);
  }
  yield Buffer.from(undoQuotedPrintable(rest), 'latin1');
}

/** Where the last line ends that does not go on. */
function endOfLines(text: string): number {
  for (let end = text.lastIndexOf('\n'); end >= 0; end = text.lastIndexOf('\n', end - 1)) {
    if (!text.slice(0, end).trimEnd().endsWith('=')) return end + 1;
    if (end === 0) break;
  }
  return 0;
}
