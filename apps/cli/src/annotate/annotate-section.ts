// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import {
  type AnnotatedLine,
  type AnnotationSightings,
  annotationCounter,
  createAnnotator,
  type NdjsonAnnotator,
  ndjsonAnnotator,
  type TraceCounts,
  type TraceEntry,
  type TraceRecord,
  traceReader,
} from '@spte/trace';
import type { Context } from '../context/context.ts';
import type { Session } from '../context/session.ts';
import type { ParquetTable } from '../files/parquet-table.ts';
import { isTraceDat, readTraceDat, wholeTraceDat } from '../files/trace-dat.ts';
import { breathe } from '../io/clean-up.ts';
import { type AnnotationRow, annotationRows } from './annotation-columns.ts';
import type { AnnotateOptions, Input } from './inputs.ts';
import { lineRenderer } from './render-line.ts';
import { leadRecords, readSection, type Section } from './sections.ts';

/** What a section came to. */
export interface Annotated {
  readonly counts: TraceCounts;
  readonly seen: AnnotationSightings;
}

/** How a section is annotated, and where its rows go. */
export interface Job {
  readonly context: Context;
  readonly options: AnnotateOptions;
  /** Null where nobody asked for columns. */
  readonly table: ParquetTable<AnnotationRow> | null;
  /** Hears how many bytes more were read. */
  readonly onRead: (bytes: number) => void;
}

/** Annotates a section of an input: prints its lines, and nothing around them. */
export async function annotateSection(
  session: Session,
  input: Input,
  section: Section,
  { context: { mmu }, options, table, onRead }: Job,
): Promise<Annotated> {
  const before = await leadRecords(session.io, input.path, section);
  const wanted = wantedBy(options);
  const print = linePrinter(session, mmu, input, options, wanted);
  const annotate = createAnnotator(mmu);
  const counter = annotationCounter();
  const take = (entry: TraceEntry): void => {
    const annotated = entry.record === null ? null : annotate(entry.record);
    if (annotated !== null) counter.add(annotated);
    print(entry, annotated);
    if (table === null || entry.record === null || !wanted(annotated)) return;
    for (const row of annotationRows(entry.record, annotated)) table.add(row);
  };
  const fast = needsRecords(options) ? null : fastAnnotator(session, input, mmu, options, section, before);
  if (fast === null) for (const record of before) annotate(record);
  const reader = fast ?? traceReader(take, section.start.line);
  const counts = await readRecords(session, input.path, section, { reader, take, onRead });
  // A trace.dat has been read one by one.
  return { counts, seen: counts === fast?.counts ? fast.sightings() : counter.sightings() };
}

/** Whether lines are looked at one by one: not where each becomes one of JSON, or they are only counted. */
const needsRecords = ({ ndjson, summary, only, parquet }: AnnotateOptions): boolean =>
  parquet !== undefined || (summary !== true && (ndjson !== true || only !== undefined));

function fastAnnotator(
  { out }: Session,
  { name }: Input,
  mmu: Mmu,
  { summary }: AnnotateOptions,
  { start }: Section,
  before: readonly TraceRecord[],
): NdjsonAnnotator {
  const members = name === null ? {} : { file: name };
  const write = (lines: Uint8Array): void => {
    if (summary !== true) out.utf8(lines);
  };
  return ndjsonAnnotator(mmu, write, { members, firstLine: start.line, before });
}

/** Who takes what is in a section. */
interface Takers extends Pick<Job, 'onRead'> {
  readonly reader: Pick<NdjsonAnnotator, 'push' | 'end' | 'counts'>;
  readonly take: (entry: TraceEntry) => void;
}

/** Reads text by a reader, or a trace.dat whole. */
async function readRecords(
  { io, out }: Session,
  path: string,
  section: Section,
  { reader, take, onRead }: Takers,
): Promise<TraceCounts> {
  const input = readSection(io, path, section, onRead);
  const first = await input.next();
  if (section.inode === null && first.done !== true && isTraceDat(first.value)) {
    const bytes = await wholeTraceDat(path, startingWith(first.value, input));
    return readTraceDat(bytes, take, async () => {
      await out.flush();
      await breathe();
    });
  }
  for (let next = first; next.done !== true; next = await input.next()) {
    reader.push(next.value);
    await out.flush();
  }
  reader.end();
  return reader.counts;
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

const isWrong = ({ sptes, checks }: AnnotatedLine): boolean =>
  sptes.some(({ findings }) => findings.length > 0) || checks.some(({ agree }) => !agree);

type Wanted = (annotated: AnnotatedLine | null) => annotated is AnnotatedLine;

function wantedBy({ only }: AnnotateOptions): Wanted {
  return (annotated): annotated is AnnotatedLine =>
    annotated !== null && (only !== 'findings' || isWrong(annotated));
}

/** Prints a line; `annotated` is null for one that says nothing about entries. */
type PrintLine = (entry: TraceEntry, annotated: AnnotatedLine | null) => void;

function linePrinter(
  session: Session,
  mmu: Mmu,
  { name }: Input,
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
