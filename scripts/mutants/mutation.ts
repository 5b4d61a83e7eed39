// SPDX-License-Identifier: GPL-2.0-only

/** What a mutation changes. */
export type MutationKind = 'word' | 'order' | 'limit' | 'comparison' | 'shift' | 'arguments';

/** A piece of a file that is replaced by another. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** A change that a test should notice. */
export interface Mutation extends Edit {
  readonly kind: MutationKind;
}

/** The text of a file with an edit in it. */
export function applied(source: string, { file, start, end, before, after }: Edit): string {
  if (source.slice(start, end) !== before) throw new Error(`${file}: no longer what was to be changed`);
  return source.slice(0, start) + after + source.slice(end);
}

/** The number of the line, from 1, in which an offset stands. */
function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

/** The line in which an offset stands, without its indentation. */
export function lineAt(source: string, offset: number): string {
  return source.split('\n')[lineOf(source, offset) - 1]?.trim() ?? '';
}

/** A list that changes its order may be long. */
const MAX_SHOWN = 60;

/** `file:line before -> after`, in one line. */
export function editText(source: string, { file, start, before, after }: Edit): string {
  const short = (text: string): string => {
    const line = text.replaceAll(/\s+/g, ' ');
    return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
  };
  return `${file}:${lineOf(source, start)} ${short(before)} -> ${short(after)}`;
}
