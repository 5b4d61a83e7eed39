// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import {
  type AnnotatedLine,
  annotationCounter,
  createAnnotator,
  type NdjsonAnnotator,
  ndjsonAnnotator,
  type TraceCounts,
  type TraceEntry,
  traceReader,
} from '@spte/trace';
import { Argument, type Command, Option } from 'commander';
import { ANNOTATION_COLUMNS, type AnnotationRow, annotationRows } from '../annotation-columns.ts';
import { breathe } from '../clean-up.ts';
import { type Context, contextText } from '../context.ts';
import { readInput } from '../input.ts';
import { type AnnotateOptions, annotateInputs, type Input } from '../inputs.ts';
import type { ParquetTable } from '../parquet-table.ts';
import { integer } from '../parse.ts';
import type { ReadProgress } from '../progress.ts';
import { type Annotations, annotationsOf, renderAnnotations } from '../render-annotations.ts';
import { lineRenderer } from '../render-line.ts';
import { addCommonOptions, end, type Session } from '../session.ts';
import { isTraceDat, readTraceDat, wholeTraceDat } from '../trace-dat.ts';

const EXAMPLES = `
Reads ftrace's trace and trace_pipe, trace-cmd's trace.dat and its report, perf script, dmesg and serial logs, and mails that quote them.

Examples:
  spte annotate trace.txt --host captured/
  spte annotate trace.dat --host captured/ --summary
  trace-cmd report | spte annotate --host / --only findings
  dmesg | spte annotate --summary --host /
  spte annotate trace.txt.zst --kernel 6.12 --vendor svm --ndjson
  spte annotate trace.txt --host captured/ --parquet trace.parquet
  spte annotate day1/*.dat day2/*.dat --host captured/ --parquet lines/`;

/** Most threads that may be asked for. */
const MOST_JOBS = 256;

export function annotateCommand(parent: Command, session: Session): void {
  const command = parent
    .command('annotate')
    .summary('explain the entries in traces or kernel logs, line by line')
    .description(
      'Gives a trace or kernel log back with an explanation under each line that shows entries, and checks what the kernel printed beside them.',
    )
    .addArgument(
      new Argument('[FILE...]', 'text or trace.dat, plain, gzip or zstd; - is the standard input').default(
        ['-'],
        '-',
      ),
    )
    .option('--summary', 'counts, findings and the most frequent events instead of the lines')
    .addOption(
      new Option('--only <WHAT>', 'findings: only lines with findings, or that disagree').choices([
        'findings',
      ]),
    )
    .option(
      '--parquet <PATH>',
      'write the entries as columns into a file, or a part for each FILE into a folder (PATH/), and print the summary',
    )
    .option(
      '--jobs <N>',
      'FILEs at the same time; with --summary or --parquet one for each core, else 1',
      integer(1, MOST_JOBS),
    )
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (files: string[], options: AnnotateOptions) =>
    end(session, options, await annotateInputs(session, files, options, annotateInput)),
  );
}

/** What becomes of each line, and of the end. */
interface Printer {
  /** `annotated` is null for a line that says nothing about entries. */
  readonly line: (entry: TraceEntry, annotated: AnnotatedLine | null) => void;
  readonly end: (summary: Annotations) => void;
  /** What the document needs when it ends early. */
  readonly failed?: (error: unknown) => void;
}

/** Annotates one input, and counts its findings and disagreements. */
export async function annotateInput(
  session: Session,
  input: Input,
  context: Context,
  options: AnnotateOptions,
  progress: ReadProgress,
): Promise<number> {
  const { io } = session;
  const wanted = wantedBy(options);
  const printer = printerOf(session, context.mmu, input, options, wanted);
  const annotate = createAnnotator(context.mmu);
  const counter = annotationCounter();
  const fast = isPlainNdjson(options) ? ndjsonOf(session, input, context.mmu) : null;
  const annotateAll = async (): Promise<TraceCounts> => {
    const table = await tableOf(input, context);
    const counts = await readRecords(session, input.path, progress.read, fast, (entry) => {
      const annotated = entry.record === null ? null : annotate(entry.record);
      if (annotated !== null) counter.add(annotated);
      printer.line(entry, annotated);
      if (table === null || entry.record === null || !wanted(annotated)) return;
      for (const row of annotationRows(entry.record, annotated)) table.add(row);
    });
    table?.finish();
    return counts;
  };
  const counts = await annotateAll().catch((error: unknown) => {
    printer.failed?.(error);
    throw error;
  });
  progress.done();
  // A trace.dat has been read one by one.
  const summary = annotationsOf(counts, counts === fast?.counts ? fast.tally() : counter.tally());
  printer.end(summary);
  const { damaged } = counts;
  if (damaged > 0) {
    io.complain(
      `spte: ${input.name === null ? '' : `${input.name}: `}${damaged} ${damaged === 1 ? 'line names' : 'lines name'} an event but cannot be read: cut off or garbled\n`,
    );
  }
  return summary.findings + summary.disagreements;
}

/** Whether every line with entries becomes one of JSON, which needs no record. */
const isPlainNdjson = ({ ndjson, summary, only }: AnnotateOptions): boolean =>
  ndjson === true && summary !== true && only === undefined;

function ndjsonOf({ out }: Session, { name }: Input, mmu: Mmu): NdjsonAnnotator {
  return ndjsonAnnotator(mmu, (lines) => out.utf8(lines), { members: name === null ? {} : { file: name } });
}

/** The columns of an input; null where nobody asked for them. */
async function tableOf({ path, part }: Input, context: Context): Promise<ParquetTable<AnnotationRow> | null> {
  if (part === null) return null;
  const { ParquetTable } = await import('../parquet-table.ts');
  const notes = { 'spte.input': path, 'spte.context': contextText(context) };
  return new ParquetTable(part, ANNOTATION_COLUMNS, notes);
}

/** Reads text line by line, or by a reader that is faster, or a trace.dat whole. */
async function readRecords(
  { io, out }: Session,
  file: string,
  onRead: (bytes: number) => void,
  fast: NdjsonAnnotator | null,
  take: (entry: TraceEntry) => void,
): Promise<TraceCounts> {
  const reader = fast ?? traceReader(take);
  const input = readInput(io, file, onRead);
  for (let next = await input.next(); next.done !== true; next = await input.next()) {
    if (reader.counts.lines === 0 && isTraceDat(next.value)) {
      const bytes = await wholeTraceDat(file, startingWith(next.value, input));
      return readTraceDat(bytes, take, async () => {
        await out.flush();
        await breathe();
      });
    }
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

function printerOf(
  session: Session,
  mmu: Mmu,
  { name }: Input,
  options: AnnotateOptions,
  wanted: Wanted,
): Printer {
  const shown: Wanted = (annotated): annotated is AnnotatedLine =>
    options.summary !== true && wanted(annotated);
  // A document of one input among several says which.
  const begin = name === null ? '{' : `{"file":${JSON.stringify(name)},`;
  if (options.ndjson === true) return ndjsonPrinter(session, begin, shown);
  if (options.json === true) return jsonPrinter(session, begin, shown);
  return textPrinter(session, mmu, options, shown);
}

function ndjsonPrinter({ out }: Session, begin: string, wanted: Wanted): Printer {
  const line = (value: unknown): void => void out.line(begin + JSON.stringify(value).slice(1));
  return {
    line(_entry, annotated) {
      if (wanted(annotated)) line(annotated);
    },
    end: (summary) => line({ summary }),
  };
}

function jsonPrinter({ out }: Session, begin: string, wanted: Wanted): Printer {
  let separator = '';
  void out.line(`${begin}"lines": [`);
  return {
    line(_entry, annotated) {
      if (!wanted(annotated)) return;
      void out.line(`${separator}${JSON.stringify(annotated)}`);
      separator = ',';
    },
    end: (summary) => void out.line(`], "summary": ${JSON.stringify(summary)}}`),
    failed: (error) => void out.line(`], "error": ${JSON.stringify((error as Error).message)}}`),
  };
}

function textPrinter(
  { out }: Session,
  mmu: Mmu,
  { summary, only }: AnnotateOptions,
  wanted: Wanted,
): Printer {
  const explain = lineRenderer(out.paint, mmu);
  return {
    line(entry, annotated) {
      if (wanted(annotated)) {
        void out.line(only === undefined ? entry.text : `${entry.line}: ${entry.text}`);
        for (const line of explain(annotated)) void out.line(line);
      } else if (summary !== true && only === undefined) {
        void (entry.newline ? out.line(entry.text) : out.text(entry.text));
      }
    },
    end(annotations) {
      if (summary === true) void out.line(renderAnnotations(out.paint, annotations));
    },
  };
}
