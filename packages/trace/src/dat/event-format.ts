// SPDX-License-Identifier: GPL-2.0-only

/** A field of a binary record, as the `format` file of its event describes it. */
export interface FormatField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /**
   * `number`: an integer of 1, 2, 4 or 8 bytes. `text`: characters in the record. `located`: a word that tells where
   * the characters are, counted from the start of the record (`__data_loc`); `relative`: from the end of the word
   * (`__rel_loc`). `other`: nothing that this package reads.
   */
  readonly kind: 'number' | 'text' | 'located' | 'relative' | 'other';
}

/** The layout of an event's records. */
export interface EventFormat {
  readonly name: string;
  readonly id: number;
  readonly fields: readonly FormatField[];
}

/** Fields of an event, at most; those of KVM have a dozen. */
const MAX_FIELDS = 128;

/** Characters of a text that describes records, at most; that of an event has a few thousand. */
export const MAX_FORMAT: number = 1 << 18;

/** The name of the event that a `format` file describes, which is its first line; empty for any other text. */
export function formatName(text: string): string {
  const end = text.indexOf('\n');
  return text.length <= MAX_FORMAT && text.startsWith('name: ') && end >= 0 ? text.slice(6, end).trim() : '';
}

const FIELD = /^\s*field:([^;]{1,200});\s*offset:(\d{1,6});\s*size:(\d{1,6});(?:\s*signed:([01]);)?/;
const NAME = /(\w{1,64})(\[[^\]]{0,32}\])?$/;

/** Reads the text of a `format` file; null when it names no event, has no number, or more fields than any has. */
export function parseEventFormat(text: string): EventFormat | null {
  const name = formatName(text);
  let id: number | null = null;
  const fields: FormatField[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('ID: ')) id = /^\d{1,5}$/.test(line.slice(4).trim()) ? Number(line.slice(4)) : null;
    else fields.push(...parseFormatField(line));
  }
  return name === '' || id === null || fields.length > MAX_FIELDS ? null : { name, id, fields };
}

/** Reads one `field:…` line; none when it is something else. */
export function parseFormatField(line: string): FormatField[] {
  const [, declaration = '', offset, size, sign] = FIELD.exec(line) ?? [];
  const [, name, array] = NAME.exec(declaration.trim()) ?? [];
  if (name === undefined) return [];
  const about = { name, offset: Number(offset), size: Number(size), signed: sign === '1' };
  return [{ ...about, kind: kindOf(declaration, array !== undefined, about.size) }];
}

function kindOf(declaration: string, isArray: boolean, size: number): FormatField['kind'] {
  if (declaration.includes('__data_loc') && size === 4) return 'located';
  if (declaration.includes('__rel_loc') && size === 4) return 'relative';
  if (isArray) return /\bchar\b/.test(declaration) ? 'text' : 'other';
  return [1, 2, 4, 8].includes(size) ? 'number' : 'other';
}
