// SPDX-License-Identifier: GPL-2.0-only
import { styleText } from 'node:util';
import type { Io } from './io.ts';

type Style = Extract<Parameters<typeof styleText>[0], string>;

/** Gives text a colour, where colours are wanted. */
export type Paint = (style: Style, text: string) => string;

/** Colours only on a terminal, and never where NO_COLOR is set. */
export function painter({ terminal, env }: Io): Paint {
  const wanted = terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

/** What lines of core's texts begin with, and their colour. */
const LINES: readonly (readonly [RegExp, Style])[] = [
  [/^\s+error: /, 'red'],
  [/^\s+warning: /, 'yellow'],
  [/^\s+next: /, 'dim'],
  [/^\s+clean$/, 'green'],
  [/^\s+note: /, 'yellow'],
  [/^\s+may be /, 'cyan'],
  [/^\s+NOT ALLOWED/, 'red'],
  [/^\s+L1TF: UNSAFE/, 'red'],
];

/** Colours an explanation of core, line by line: the value bold, findings by severity. */
export function paintExplanation(paint: Paint, text: string): string {
  return text
    .split('\n')
    .map((line, index) => {
      if (index === 0) return paint('bold', line);
      const [, style] = LINES.find(([start]) => start.test(line)) ?? [];
      return style === undefined ? line : paint(style, line);
    })
    .join('\n');
}
