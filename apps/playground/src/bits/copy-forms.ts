// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, hex } from '@spte/core';
import { asciiRegister } from './ascii-register.ts';
import { bitText, hexDigits } from './bit-ranges.ts';
import type { Cell } from './cells.ts';
import { OWNERS, ownerOf } from './owners.ts';
import { fieldWords } from './short-names.ts';
import { svgRegister } from './svg-register.ts';

/** An entry to be copied. */
export interface CopiedEntry {
  readonly value: bigint;
  /** All 64, highest first. */
  readonly cells: readonly Cell[];
}

/** A form in which an entry can be copied. */
interface CopyForm {
  readonly id: string;
  readonly name: string;
  readonly text: (entry: CopiedEntry) => string;
}

export const COPY_FORMS: readonly CopyForm[] = [
  { id: 'hex', name: 'hex', text: ({ value }) => `0x${hexDigits(value).join('')}` },
  { id: 'c', name: 'C', text: ({ value }) => `${hex(value)}ULL` },
  { id: 'binary', name: 'binary', text: ({ value }) => binary(value) },
  { id: 'json', name: 'JSON', text: (entry) => JSON.stringify(jsonOf(entry), null, 2) },
  { id: 'markdown', name: 'Markdown table', text: markdown },
  { id: 'ascii', name: 'text for a mail', text: ({ value, cells }) => asciiRegister(value, cells) },
  { id: 'svg', name: 'SVG picture', text: ({ value, cells }) => svgRegister(value, cells) },
];

const binary = (value: bigint): string =>
  `0b${hexDigits(value)
    .map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0'))
    .join('_')}`;

/** The fields of an entry, highest first. */
const fieldsOf = (cells: readonly Cell[]): DecodedField[] => [...new Set(cells.map(({ field }) => field))];

function jsonOf({ value, cells }: CopiedEntry): object {
  return {
    spte: hex(value),
    fields: fieldsOf(cells).map((field) => ({
      name: field.name,
      bits: bitText(field.mask),
      value: hex(field.value),
      text: field.text,
      owner: ownerOf(field),
      meaning: field.meaning,
    })),
  };
}

function markdown({ value, cells }: CopiedEntry): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = fieldsOf(cells).map((field) => {
    const { name, mask, text, meaning } = field;
    const columns = [bitText(mask), fieldWords(name), text, OWNERS[ownerOf(field)].words, meaning];
    return `| ${columns.map(cell).join(' | ')} |`;
  });
  const head = ['| bits | field | value | whose | meaning |', '| --- | --- | --- | --- | --- |'];
  return [`\`${hex(value)}\``, '', ...head, ...rows].join('\n');
}
