// SPDX-License-Identifier: GPL-2.0-only

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

/** The lines of a file that have a text, each with its place. */
export function sourceLines({ name, text }: TextFile): Source[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    return line === '' ? [] : [{ file: name, line: index + 1, text: line }];
  });
}

/** The same line with a text that is fit to be shown. */
export function quoted(source: Source): Source {
  return source.text.length <= QUOTED ? source : { ...source, text: `${source.text.slice(0, QUOTED)}…` };
}
