// SPDX-License-Identifier: GPL-2.0-only
import {
  type AnnotationSightings,
  type AnnotationTally,
  annotationCounter,
  type TraceCounts,
} from '@spte/trace';
import { type ContextJson, contextJson, contextText, withMasks } from '../context/context.ts';
import type { Session } from '../context/session.ts';
import { type ErrataSeen, errataCounter } from '../entry/errata-counter.ts';
import { type SplatsSeen, splatCounter } from '../entry/splat-counter.ts';
import type { ParquetTable } from '../files/parquet-table.ts';
import { foundBy } from '../verdict/found.ts';
import { verdictJson, verdictText } from '../verdict/say.ts';
import type { Judge, Policy, Verdict } from '../verdict/verdict.ts';
import type { Annotated } from './annotate-section.ts';
import { ANNOTATION_COLUMNS, type AnnotationRow } from './annotation-columns.ts';
import { filteredBy, filteredText, type Matches, matchCounter } from './matches.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { withFile } from './print-lines.ts';
import { type Annotations, annotationsOf, lossText, renderAnnotations } from './render-annotations.ts';

/** What the sections of an input have in common. */
export interface Target {
  /** The columns of the input; null when they were not asked for. */
  readonly table: ParquetTable<AnnotationRow> | null;
  /** Prints what separates the lines of a section from those of the one before. */
  readonly join: () => void;
}

/** Annotates the sections of an input: prints their lines in turn, adds their rows to the table, and yields their counts. */
export type AnnotateSections = (input: Input, target: Target) => AsyncIterable<Annotated>;

export const NOTHING: TraceCounts = {
  lines: 0,
  recognised: 0,
  continued: 0,
  passed: 0,
  damaged: 0,
  lost: 0,
  lostMarks: 0,
};

/** What an input comes to. */
export interface AnnotatedInput {
  readonly counts: TraceCounts;
  readonly seen: AnnotationSightings;
  readonly tally: AnnotationTally;
  readonly errata: ErrataSeen;
  readonly splats: SplatsSeen;
  readonly matches: Matches | null;
  readonly verdict: Verdict;
}

/** How inputs are annotated and judged. */
export interface How {
  readonly options: AnnotateOptions;
  readonly policy: Policy;
  readonly judge: Judge;
}

/** Annotates an input, section by section. */
export async function annotateInput(
  session: Session,
  input: Input,
  { options, policy, judge }: How,
  annotateSections: AnnotateSections,
): Promise<AnnotatedInput> {
  const document = documentOf(session, input, options, policy);
  const counter = annotationCounter();
  const known = errataCounter();
  const splats = splatCounter();
  const matches = matchCounter(options);
  let counts = NOTHING;
  document.begin();
  try {
    const table = await tableOf(input);
    for await (const section of annotateSections(input, { table, join: document.join })) {
      counts = sum(counts, section.counts);
      counter.merge(section.seen);
      known.merge(section.errata);
      splats.merge(section.splats);
      matches.merge(section.matches);
    }
    table?.finish();
  } catch (error) {
    document.failed(error as Error);
    throw error;
  }
  const tally = counter.tally();
  const shown = { errata: known.seen(), splats: splats.seen() };
  const verdict = judge(input.path, foundBy(tally.findingsByCode, tally.possibleByCode));
  document.end(annotationsOf(counts, tally, { ...shown, ...filteredBy(options, matches.counts()) }), verdict);
  complainOfDamage(session, input, counts);
  complainOfLoss(session, input, counts);
  complainOfFilters(session, input, options, matches.counts());
  return { counts, seen: counter.sightings(), tally, ...shown, matches: matches.counts(), verdict };
}

export function sum(a: TraceCounts, b: TraceCounts): TraceCounts {
  return {
    lines: a.lines + b.lines,
    recognised: a.recognised + b.recognised,
    continued: a.continued + b.continued,
    passed: a.passed + b.passed,
    damaged: a.damaged + b.damaged,
    lost: a.lost + b.lost,
    lostMarks: a.lostMarks + b.lostMarks,
  };
}

async function tableOf({ path, part, context }: Input): Promise<ParquetTable<AnnotationRow> | null> {
  if (part === null) return null;
  const { ParquetTable } = await import('../files/parquet-table.ts');
  const notes = {
    'spte.input': path,
    'spte.context': contextText(withMasks(context)),
    'spte.context.json': JSON.stringify(contextJson(context)),
  };
  return new ParquetTable(part, ANNOTATION_COLUMNS, notes);
}

function complainOfDamage({ io }: Session, { name }: Input, { damaged }: TraceCounts): void {
  if (damaged === 0) return;
  io.complain(
    `spte: ${name === null ? '' : `${name}: `}${damaged} ${damaged === 1 ? 'line names' : 'lines name'} an event but cannot be read: cut off or garbled\n`,
  );
}

/** The input is whole, but the trace is not. */
function complainOfLoss({ io }: Session, { name }: Input, counts: TraceCounts): void {
  if (counts.lostMarks > 0) io.complain(`spte: ${name === null ? '' : `${name}: `}${lossText(counts)}\n`);
}

/** That nothing matched is something else than that nothing was there. */
function complainOfFilters(
  { io }: Session,
  { name }: Input,
  options: AnnotateOptions,
  matches: Matches | null,
): void {
  const { filtered } = filteredBy(options, matches);
  if (filtered === undefined || filtered.lines > 0 || filtered.of === 0) return;
  io.complain(`spte: ${name === null ? '' : `${name}: `}${filteredText(filtered)}\n`);
}

/** What is printed around the lines of an input. */
interface Document {
  readonly begin: () => void;
  readonly join: () => void;
  readonly end: (summary: Annotations, verdict: Verdict) => void;
  /** Ends it early. */
  readonly failed: (error: Error) => void;
}

const nothing = (): void => undefined;

function documentOf(
  { out }: Session,
  { name, path, context }: Input,
  options: AnnotateOptions,
  policy: Policy,
): Document {
  const plain = { begin: nothing, join: nothing, failed: nothing };
  if (options.ndjson === true) {
    const line = (summary: object): void =>
      void out.line(withFile(name, summaryOf(summary, contextJson(context))));
    return {
      ...plain,
      end: (summary, verdict) => line(withVerdict(summary, policy, verdict)),
      failed: ({ message }) => line({ error: message }),
    };
  }
  if (options.json === true) return jsonDocument(out, path, contextJson(context), policy);
  return {
    ...plain,
    end(summary, verdict) {
      if (options.summary !== true || options.format !== undefined) return;
      void out.line(renderAnnotations(out.paint, summary));
      const said = verdictText(policy, verdict);
      if (said !== null) void out.line(`  ${said}`);
    },
  };
}

/** A summary with what counts of it. */
export function withVerdict(summary: Annotations, policy: Policy, verdict: Verdict): Annotations {
  const { findings, possible } = verdict;
  return { ...summary, findings, possible, ...verdictJson(policy, verdict) };
}

/** The summary of an input, with what it was read as; null for inputs that were read as different things. */
export function summaryOf(summary: object, context: ContextJson | null): object {
  return { summary: { ...summary, context } };
}

/** One of the files of a document. */
function jsonDocument(out: Session['out'], file: string, context: ContextJson, policy: Policy): Document {
  const head = JSON.stringify({ file, context });
  let separator = '';
  return {
    begin: () => void out.line(`${head.slice(0, -1)},"lines":[`),
    join() {
      void out.text(separator);
      separator = ',';
    },
    end: (summary, verdict) =>
      void out.line(`],"summary":${JSON.stringify(withVerdict(summary, policy, verdict))}}`),
    failed: ({ message }) => void out.line(`],"error":${JSON.stringify(message)}}`),
  };
}
