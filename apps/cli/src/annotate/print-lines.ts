// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { AnnotatedLine, TraceEntry } from '@spte/trace';
import type { Session } from '../context/session.ts';
import type { ToldSplat } from '../entry/log-errata.ts';
import type { AnnotateOptions } from './options.ts';
import { lineRenderer } from './render-line.ts';

/** Whether a line is wanted; `annotated` is null for one that says nothing about entries. */
export type Wanted = (annotated: AnnotatedLine | null) => annotated is AnnotatedLine;

/** The lines that `--only` leaves. */
export function wantedBy({ only }: AnnotateOptions): Wanted {
  return (annotated): annotated is AnnotatedLine =>
    annotated !== null && (only !== 'findings' || isWrong(annotated));
}

const isWrong = ({ sptes, checks, change }: AnnotatedLine): boolean =>
  sptes.some(({ findings, possible }) => findings.length + possible.length > 0) ||
  checks.some(({ agree, hits }) => !agree || hits !== undefined) ||
  (change !== undefined && change.allowed !== true);

/** Prints the lines of a section. */
export interface LinePrinter {
  /** Takes a line before the first, of which nothing is printed. */
  readonly lead: (annotated: AnnotatedLine) => void;
  /** Prints a line; `annotated` is null for one that says nothing about entries. */
  readonly take: (entry: TraceEntry, annotated: AnnotatedLine | null) => void;
  /** Prints what a splat is that ended with a line, or before it. */
  readonly tell: (splat: ToldSplat) => void;
}

const nothing = (): void => undefined;

/**
 * Prints the lines of a section in the form that the options ask for.
 *
 * @param name what the input is called, where there are several
 */
export function linePrinter(
  session: Session,
  mmu: Mmu,
  name: string | null,
  options: AnnotateOptions,
  wanted: Wanted,
): LinePrinter {
  const plain = { lead: nothing, tell: nothing };
  if (options.summary === true) return { ...plain, take: nothing };
  if (options.ndjson === true) return { ...plain, take: ndjsonPrinter(session, name, wanted) };
  if (options.json === true) return { ...plain, take: jsonPrinter(session, wanted) };
  const explain = lineRenderer(session.out.paint, mmu);
  const take = textPrinter(session, explain, options, wanted);
  return { lead: explain, take, tell: options.only === undefined ? splatPrinter(session) : nothing };
}

/** Says below a splat what it is. */
function splatPrinter({ out }: Session): LinePrinter['tell'] {
  return ({ name, errata }) => {
    const lines = [`    ^ ${name}; it shows no entry`, ...errata.map(({ text }) => `      ${text}`)];
    for (const line of lines) void out.line(out.paint('cyan', line));
  };
}

function ndjsonPrinter({ out }: Session, name: string | null, wanted: Wanted): LinePrinter['take'] {
  return (_entry, annotated) => {
    if (wanted(annotated)) void out.line(withFile(name, annotated));
  };
}

/** JSON that says first which of several inputs it is of. */
export function withFile(name: string | null, value: object): string {
  return JSON.stringify(name === null ? value : { file: name, ...value });
}

function jsonPrinter({ out }: Session, wanted: Wanted): LinePrinter['take'] {
  let separator = '';
  return (_entry, annotated) => {
    if (!wanted(annotated)) return;
    void out.line(`${separator}${JSON.stringify(annotated)}`);
    separator = ',';
  };
}

function textPrinter(
  { out }: Session,
  explain: ReturnType<typeof lineRenderer>,
  { only }: AnnotateOptions,
  wanted: Wanted,
): LinePrinter['take'] {
  return (entry, annotated) => {
    if (wanted(annotated)) {
      void out.line(only === undefined ? entry.text : `${entry.line}: ${entry.text}`);
      for (const line of explain(annotated)) void out.line(line);
    } else if (only === undefined) {
      void (entry.newline ? out.line(entry.text) : out.text(entry.text));
    }
  };
}
