// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { AnnotatedLine, TraceEntry, TraceRecord } from '@spte/trace';
import type { Session } from '../context/session.ts';
import type { ToldSplat } from '../entry/log-errata.ts';
import { hasFilters } from './filter-options.ts';
import type { LineFilter } from './line-filter.ts';
import { linesAround } from './lines-around.ts';
import type { AnnotateOptions } from './options.ts';
import { lineRenderer } from './render-line.ts';

/** Whether a line is wanted; both are null for one that says nothing about entries. */
export type Wanted = (
  annotated: AnnotatedLine | null,
  record: TraceRecord | null,
) => annotated is AnnotatedLine;

/** The lines that `--only` and the filters leave. */
export function wantedBy({ only }: AnnotateOptions, filter: LineFilter): Wanted {
  return (annotated, record): annotated is AnnotatedLine =>
    annotated !== null &&
    record !== null &&
    (only !== 'findings' || isWrong(annotated)) &&
    filter(annotated, record);
}

/** Whether lines may be left out. */
const isPicky = (options: AnnotateOptions): boolean => options.only !== undefined || hasFilters(options);

const isWrong = ({ sptes, checks, change }: AnnotatedLine): boolean =>
  sptes.some(({ findings, possible }) => findings.length + possible.length > 0) ||
  checks.some(({ agree, hits }) => !agree || hits !== undefined) ||
  (change !== undefined && change.allowed !== true);

/** Prints the lines of a section. */
export interface LinePrinter {
  /** Takes a line before the first, of which nothing is printed. */
  readonly lead: (annotated: AnnotatedLine, record: TraceRecord) => void;
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
  if (isPicky(options)) {
    return {
      ...plain,
      lead: (annotated, record) => void (wanted(annotated, record) && explain(annotated)),
      take: pickyPrinter(session, explain, options, wanted),
    };
  }
  return { lead: explain, take: textPrinter(session, explain), tell: splatPrinter(session) };
}

/** Says below a splat what it is. */
function splatPrinter({ out }: Session): LinePrinter['tell'] {
  return ({ name, errata }) => {
    const lines = [`    ^ ${name}; it shows no entry`, ...errata.map(({ text }) => `      ${text}`)];
    for (const line of lines) void out.line(out.paint('cyan', line));
  };
}

function ndjsonPrinter({ out }: Session, name: string | null, wanted: Wanted): LinePrinter['take'] {
  return ({ record }, annotated) => {
    if (wanted(annotated, record)) void out.line(withFile(name, annotated));
  };
}

/** JSON that says first which of several inputs it is of. */
export function withFile(name: string | null, value: object): string {
  return JSON.stringify(name === null ? value : { file: name, ...value });
}

function jsonPrinter({ out }: Session, wanted: Wanted): LinePrinter['take'] {
  let separator = '';
  return ({ record }, annotated) => {
    if (!wanted(annotated, record)) return;
    void out.line(`${separator}${JSON.stringify(annotated)}`);
    separator = ',';
  };
}

/** Prints every line as it came. */
function textPrinter({ out }: Session, explain: ReturnType<typeof lineRenderer>): LinePrinter['take'] {
  return (entry, annotated) => {
    if (annotated === null) void (entry.newline ? out.line(entry.text) : out.text(entry.text));
    else for (const line of [entry.text, ...explain(annotated)]) void out.line(line);
  };
}

/** Prints the lines that are wanted, with their numbers, and those around them. */
function pickyPrinter(
  { out }: Session,
  explain: ReturnType<typeof lineRenderer>,
  { around = 0 }: AnnotateOptions,
  wanted: Wanted,
): LinePrinter['take'] {
  const before = linesAround(around, (line) => void out.line(line));
  return (entry, annotated) => {
    const isWanted = wanted(annotated, entry.record);
    before.take(entry, isWanted);
    if (isWanted) for (const line of explain(annotated)) void out.line(line);
  };
}
