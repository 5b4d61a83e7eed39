// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { AnnotatedLine, TraceEntry } from '@spte/trace';
import type { Session } from '../context/session.ts';
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
  checks.some(({ agree }) => !agree) ||
  (change !== undefined && change.allowed !== true);

/** Prints a line; `annotated` is null for one that says nothing about entries. */
export type PrintLine = (entry: TraceEntry, annotated: AnnotatedLine | null) => void;

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
): PrintLine {
  if (options.summary === true) return () => undefined;
  if (options.ndjson === true) return ndjsonPrinter(session, name, wanted);
  if (options.json === true) return jsonPrinter(session, wanted);
  return textPrinter(session, mmu, options, wanted);
}

function ndjsonPrinter({ out }: Session, name: string | null, wanted: Wanted): PrintLine {
  return (_entry, annotated) => {
    if (wanted(annotated)) void out.line(withFile(name, annotated));
  };
}

/** JSON that says first which of several inputs it is of. */
export function withFile(name: string | null, value: object): string {
  return JSON.stringify(name === null ? value : { file: name, ...value });
}

function jsonPrinter({ out }: Session, wanted: Wanted): PrintLine {
  let separator = '';
  return (_entry, annotated) => {
    if (!wanted(annotated)) return;
    void out.line(`${separator}${JSON.stringify(annotated)}`);
    separator = ',';
  };
}

function textPrinter({ out }: Session, mmu: Mmu, { only }: AnnotateOptions, wanted: Wanted): PrintLine {
  const explain = lineRenderer(out.paint, mmu);
  return (entry, annotated) => {
    if (wanted(annotated)) {
      void out.line(only === undefined ? entry.text : `${entry.line}: ${entry.text}`);
      for (const line of explain(annotated)) void out.line(line);
    } else if (only === undefined) {
      void (entry.newline ? out.line(entry.text) : out.text(entry.text));
    }
  };
}
