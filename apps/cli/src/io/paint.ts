// SPDX-License-Identifier: GPL-2.0-only
import { styleText } from 'node:util';
import type { LineRole, TextLine } from '@spte/core';
import type { Io } from './io.ts';

type Style = Extract<Parameters<typeof styleText>[0], string>;

/** Gives text a colour, where colours are wanted. */
export type Paint = (style: Style, text: string) => string;

/** Colours only on a terminal, and never where NO_COLOR is set. */
export function painter({ terminal, env }: Io): Paint {
  const wanted = terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

/** The colour of each role; a line of any other has none. */
const STYLES: Readonly<Partial<Record<LineRole, Style>>> = {
  clean: 'green',
  bad: 'red',
  suspicious: 'yellow',
  context: 'dim',
  error: 'red',
  warning: 'yellow',
  next: 'dim',
  guess: 'cyan',
  unsafe: 'red',
  allowed: 'green',
  refused: 'red',
};

/** Colours lines of core by what they say. */
export function paintLines(paint: Paint, lines: readonly TextLine[]): string {
  return lines
    .map(({ role, text }) => {
      const style = STYLES[role];
      return style === undefined ? text : paint(style, text);
    })
    .join('\n');
}
