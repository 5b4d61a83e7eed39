// SPDX-License-Identifier: GPL-2.0-only
import { hexDigits } from './bit-ranges.ts';
import { bracketsOf } from './brackets.ts';
import type { Cell } from './cells.ts';

/** Bits in a line, and columns of a bit: 65 columns in all, which a mail leaves alone. */
const PER_LINE = 16;
const COLUMNS = 4;

/** An entry as a picture of plain text: 16 bits a line, boxes around the fields, their names below. */
export function asciiRegister(value: bigint, cells: readonly Cell[]): string {
  const lines = [`0x${hexDigits(value).join('')}`];
  for (let start = 0; start < cells.length; start += PER_LINE) {
    lines.push('', ...asciiLine(cells.slice(start, start + PER_LINE)));
  }
  return lines.join('\n');
}

function asciiLine(row: readonly Cell[]): string[] {
  const brackets = bracketsOf(row);
  const box = (fill: (width: number, index: number) => string, edge: string): string =>
    `${edge}${brackets.map(({ high, low }, index) => fill((high - low + 1) * COLUMNS - 1, index)).join(edge)}${edge}`;
  const values = brackets.map(({ high, low }) =>
    row.filter(({ bit }) => bit <= high && bit >= low).map(({ set }) => (set ? ' 1 ' : ' 0 ')),
  );
  return [
    row
      .map(({ bit, wrong }) => `${wrong ? '!' : ''}${bit}`.padStart(COLUMNS - 1).padEnd(COLUMNS))
      .join('')
      .trimEnd(),
    box((width) => '-'.repeat(width), '+'),
    box((_, index) => (values[index] ?? []).join(' '), '|'),
    box((width) => '-'.repeat(width), '+'),
    ` ${brackets
      .map(({ high, low, text }) => fitted(text, (high - low + 1) * COLUMNS))
      .join('')
      .trimEnd()}`,
  ];
}

const fitted = (text: string, width: number): string => text.slice(0, width - 1).padEnd(width);
