// SPDX-License-Identifier: GPL-2.0-only
import { styleText } from 'node:util';
import type { LineRole, TextLine } from '@spte/core';
import type { Io } from './io.ts';
import { OWN_ESCAPE } from './visible.ts';

type Style = Extract<Parameters<typeof styleText>[0], string>;

/** Gives text a colour, where colours are wanted. */
export type Paint = (style: Style, text: string) => string;

/** Paints where colours are wanted. */
export function painter(isWanted: boolean): Paint {
  return isWanted ? paintedWith : (_style, text) => text;
}

function paintedWith(style: Style, text: string): string {
  const [open = '', close = ''] = styleText(style, '|', { validateStream: false })
    .replaceAll('\u001B', OWN_ESCAPE)
    .split('|');
  return `${open}${text}${close}`;
}

/** When colours are wanted. */
export type ColourChoice = 'always' | 'never' | 'auto';

/** What FORCE_COLOR may say that means no. */
const NOT_FORCED = ['0', 'false'];

/** Whether colours are wanted: what is said on the command line counts more than NO_COLOR, that more than FORCE_COLOR. */
export function wantsColour(choice: ColourChoice, { terminal, env }: Pick<Io, 'terminal' | 'env'>): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return !NOT_FORCED.includes(forced);
  return terminal && env['TERM'] !== 'dumb';
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
