// SPDX-License-Identifier: GPL-2.0-only
import { isQuotedPrintable, plainLine, undoQuotedPrintable } from './plain-text.ts';

/** A text that a machine gave about itself, under the name of the file that it was found in. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** The line that a fact was read from. */
export interface Source {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** A value with the line that says so. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
}

/** A value that a kernel would have on the machine, and how that is known. */
export interface Known<T> {
  readonly value: T;
  /** The line that it rests on; null where no line says anything. */
  readonly source: Source | null;
  /** Whether the line leaves room for another value, or there is no line. */
  readonly assumed: boolean;
  readonly why: string;
}

/** A value that a line states. */
export function said<T>(value: T, source: Source, why: string): Known<T> {
  return { value, source, assumed: false, why };
}

/** A value that nothing states. */
export function assume<T>(value: T, why: string, source: Source | null = null): Known<T> {
  return { value, source, assumed: true, why };
}

/** Characters of a source that are quoted, at most: a flags line is too long to show, a hostile one much longer. */
const QUOTED = 4096;

/** Characters of a line that are read, at most; the flags of a CPU have three thousand. */
const MAX_LINE = 1 << 16;

/** The lines of a file that have a text, each with its place, without what a mail or a terminal added to them. */
export function* sourceLines({ name, text }: TextFile): Generator<Source, void> {
  const plain = isQuotedPrintable(text) ? undoQuotedPrintable(text) : text;
  for (let at = 0, line = 1; at < plain.length; line++) {
    const newline = plain.indexOf('\n', at);
    const end = newline < 0 ? plain.length : newline;
    const found = end === at ? '' : plainLine(plain.slice(at, Math.min(end, at + MAX_LINE)));
    if (found !== '') yield { file: name, line, text: found };
    at = end + 1;
  }
}

/** The first of these lines, or the one that has the given number of lines before it. */
export function sourceLine(file: TextFile, index = 0): Source | undefined {
  let before = 0;
  for (const source of sourceLines(file)) if (before++ === index) return source;
  return undefined;
}

/** The same line with a text that is fit to be shown. */
export function quoted(source: Source): Source {
  return source.text.length <= QUOTED ? source : { ...source, text: `${source.text.slice(0, QUOTED)}…` };
}
