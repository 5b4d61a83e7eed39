// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import {
  type AnnotatedLine,
  createAnnotator,
  type TraceCounts,
  type TraceEntry,
  traceReader,
} from '@spte/trace';
import { type Command, Option } from 'commander';
import { contextOf, contextText } from '../context.ts';
import { readInput } from '../input.ts';
import { fileProgress } from '../progress.ts';
import { type Annotations, annotationCounter, renderAnnotations } from '../render-annotations.ts';
import { lineRenderer } from '../render-line.ts';
import { addCommonOptions, type CommonOptions, end, type Session } from '../session.ts';
import { isTraceDat, readTraceDat, wholeTraceDat } from '../trace-dat.ts';

interface AnnotateOptions extends CommonOptions {
  readonly summary?: boolean;
  readonly only?: 'findings';
}

const EXAMPLES = `
Reads ftrace's trace and trace_pipe, trace-cmd's trace.dat and its report, perf script, dmesg and serial logs, and mails that quote them.

Examples:
  spte annotate trace.txt --host captured/
  spte annotate trace.dat --host captured/ --summary
  trace-cmd report | spte annotate --host / --only findings
  dmesg | spte annotate --summary --host /
  spte annotate trace.txt.zst --kernel 6.12 --vendor svm --ndjson`;

export function annotateCommand(parent: Command, session: Session): void {
  const command = parent
    .command('annotate')
    .summary('explain the entries in a trace or a kernel log, line by line')
    .description(
      'Gives a trace or kernel log back with an explanation under each line that shows entries, and checks what the kernel printed beside them.',
    )
    .argument('[FILE]', 'text or trace.dat, plain, gzip or zstd; - or nothing for the standard input', '-')
    .option('--summary', 'counts, findings and the most frequent events instead of the lines')
    .addOption(
      new Option('--only <WHAT>', 'findings: only lines with findings, or that disagree').choices([
        'findings',
      ]),
    )
    .addHelpText('after', EXAMPLES);
  addCommonOptions(command).action(async (file: string, options: AnnotateOptions) =>
    end(session, options, await annotateFile(session, file, options)),
  );
}

/** What becomes of each line, and of the end. */
interface Printer {
  /** `annotated` is null for a line that says nothing about entries. */
  readonly line: (entry: TraceEntry, annotated: AnnotatedLine | null) => void;
  readonly end: (summary: Annotations) => void;
}

async function annotateFile(session: Session, file: string, options: AnnotateOptions): Promise<boolean> {
  const { io } = session;
  const context = contextOf(io, options);
  if (context.assumed.length > 0) io.complain(`spte: read as ${contextText(context)}\n`);
  const printer = printerOf(session, context.mmu, options);
  const annotate = createAnnotator(context.mmu);
  const counter = annotationCounter();
  const take = (entry: TraceEntry): void => {
    const annotated = entry.record === null ? null : annotate(entry.record);
    if (annotated !== null) counter.add(annotated);
    printer.line(entry, annotated);
  };
  const bar = fileProgress(io, file, 'annotating');
  const counts = await readRecords(session, file, bar.read, take);
  bar.done();
  const summary = counter.annotations(counts);
  printer.end(summary);
  const { damaged } = counts;
  if (damaged > 0) {
    io.complain(
      `spte: ${damaged} ${damaged === 1 ? 'line names' : 'lines name'} an event but cannot be read: cut off or garbled\n`,
    );
  }
  const wrong = summary.findings + summary.disagreements;
  if (wrong > 0 && context.assumed.length > 0) {
    io.complain(
      'spte: was it another kernel or machine? `spte decode --which` ranks those that values fit\n',
    );
  }
  return wrong === 0;
}

/** Reads text line by line, or a trace.dat whole. */
async function readRecords(
  { io, out }: Session,
  file: string,
  onRead: (bytes: number) => void,
  take: (entry: TraceEntry) => void,
): Promise<TraceCounts> {
  const reader = traceReader(take);
  const input = readInput(io, file, onRead);
  for (let next = await input.next(); next.done !== true; next = await input.next()) {
    if (reader.counts.lines === 0 && isTraceDat(next.value)) {
      const bytes = await wholeTraceDat(file, startingWith(next.value, input));
      return readTraceDat(bytes, take, () => out.flush());
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

function printerOf(session: Session, mmu: Mmu, options: AnnotateOptions): Printer {
  const wanted = (annotated: AnnotatedLine | null): annotated is AnnotatedLine =>
    annotated !== null && options.summary !== true && (options.only !== 'findings' || isWrong(annotated));
  if (options.ndjson === true) return ndjsonPrinter(session, wanted);
  if (options.json === true) return jsonPrinter(session, wanted);
  return textPrinter(session, mmu, options, wanted);
}

type Wanted = (annotated: AnnotatedLine | null) => annotated is AnnotatedLine;

function ndjsonPrinter({ out }: Session, wanted: Wanted): Printer {
  return {
    line(_entry, annotated) {
      if (wanted(annotated)) void out.line(JSON.stringify(annotated));
    },
    end: (summary) => void out.line(JSON.stringify({ summary })),
  };
}

function jsonPrinter({ out }: Session, wanted: Wanted): Printer {
  let separator = '';
  void out.line('{"lines": [');
  return {
    line(_entry, annotated) {
      if (!wanted(annotated)) return;
      void out.line(`${separator}${JSON.stringify(annotated)}`);
      separator = ',';
    },
    end: (summary) => void out.line(`], "summary": ${JSON.stringify(summary)}}`),
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
