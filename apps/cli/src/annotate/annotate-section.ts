// SPDX-License-Identifier: GPL-2.0-only
import {
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
import { svmExits } from '@spte/vendor-svm';
import { vmxExits } from '@spte/vendor-vmx';
import { othersOf, withMasks } from '../context/context.ts';
import type { Session } from '../context/session.ts';
import { machineOf } from '../entry/errata.ts';
import { type ErrataSeen, errataCounter } from '../entry/errata-counter.ts';
import { logErrata, type RefineLine, splatTeller, type ToldSplat } from '../entry/log-errata.ts';
import { type SplatsSeen, splatCounter } from '../entry/splat-counter.ts';
import type { ParquetTable } from '../files/parquet-table.ts';
import { openTraceDat, readTraceDat } from '../files/trace-dat.ts';
import { isTraceDat } from '../files/trace-magic.ts';
import { breathe } from '../io/clean-up.ts';
import type { Reporter } from '../verdict/report.ts';
import { type AnnotationRow, annotationRows } from './annotation-columns.ts';
import { hasFilters } from './filter-options.ts';
import { lineFilter } from './line-filter.ts';
import { type Matches, matchCounter } from './matches.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { issuePrinter } from './print-issues.ts';
import { linePrinter, wantedBy } from './print-lines.ts';
import { leadRecords, readSection, type Section } from './sections.ts';

/** Lines say themselves whose exits they show. */
const EXITS = [vmxExits, svmExits];

/** The counts of a section. */
export interface Annotated {
  readonly counts: TraceCounts;
  readonly seen: AnnotationSightings;
  /** The known bugs that its lines show. */
  readonly errata: ErrataSeen;
  /** The splats that show no entry. */
  readonly splats: SplatsSeen;
  /** What the filters left; null without any. */
  readonly matches: Matches | null;
}

/** How a section is annotated, and where its rows go. */
export interface Job {
  readonly options: AnnotateOptions;
  /** Null when columns were not asked for. */
  readonly table: ParquetTable<AnnotationRow> | null;
  /** Hears what is found in the place of text; null where text is wanted. */
  readonly reporter: Reporter | null;
  /** Hears how many bytes more were read. */
  readonly onRead: (bytes: number) => void;
}

/** Annotates a section of an input: prints its lines, and nothing around them. */
export async function annotateSection(
  session: Session,
  input: Input,
  section: Section,
  job: Job,
): Promise<Annotated> {
  const { io, out } = session;
  const before = await leadRecords(io, input.path, section);
  const chunks = readSection(io, input.path, section, job.onRead);
  const first = await chunks.next();
  const all = startingWith(first, chunks);
  if (section.file === null && first.done !== true && isTraceDat(first.value)) {
    const lines = lineAnnotator(session, input, job, before);
    const dat = await openTraceDat(io, input.path, all, job.onRead);
    try {
      const counts = await readTraceDat(io, input.path, dat, lines.take, async () => {
        await out.flush();
        await breathe();
      });
      lines.end();
      return { counts, ...lines.seen() };
    } finally {
      dat.close();
      await chunks.return();
    }
  }
  if (input.hasSplats || needsRecords(job.options)) {
    const lines = lineAnnotator(session, input, job, before);
    const reader = traceReader(lines.take, section.start.line);
    await pushAll(session, all, reader);
    lines.end();
    return { counts: reader.counts, ...lines.seen() };
  }
  const annotator = fastAnnotator(session, input, job, section, before);
  await pushAll(session, all, annotator);
  return {
    counts: annotator.counts,
    seen: annotator.sightings(),
    errata: annotator.errata(),
    splats: {},
    matches: null,
  };
}

async function* startingWith(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

/** Feeds text to a reader. */
async function pushAll(
  { out }: Session,
  chunks: AsyncIterable<Uint8Array>,
  reader: Pick<NdjsonAnnotator, 'push' | 'end'>,
): Promise<void> {
  for await (const chunk of chunks) {
    reader.push(chunk);
    await out.flush();
  }
  reader.end();
}

/** Whether lines are looked at one by one: not when each becomes a line of JSON, or they are only counted. */
const needsRecords = (options: AnnotateOptions): boolean => hasFilters(options) || printsRecords(options);

const printsRecords = ({ ndjson, summary, only, parquet, format }: AnnotateOptions): boolean =>
  parquet !== undefined ||
  format !== undefined ||
  (summary !== true && (ndjson !== true || only !== undefined));

/** Annotates lines one by one. */
interface LineAnnotator {
  readonly take: (entry: TraceEntry) => void;
  /** To be called behind the last line. */
  readonly end: () => void;
  readonly seen: () => Omit<Annotated, 'counts'>;
}

function lineAnnotator(
  session: Session,
  { name, path, context: data }: Input,
  { options, table, reporter }: Job,
  before: readonly TraceRecord[],
): LineAnnotator {
  const context = withMasks(data);
  const { mmu } = context;
  const machine = machineOf(context);
  const refine = logErrata(mmu, machine);
  const filter = lineFilter(options);
  const wanted = wantedBy(options, filter);
  const matches = matchCounter(options);
  const print =
    reporter === null
      ? linePrinter(session, mmu, name, options, wanted)
      : issuePrinter(reporter, mmu, path, wanted);
  const annotate = createAnnotator(mmu, { exits: EXITS, others: othersOf(context) });
  const counter = annotationCounter();
  const errata = errataCounter();
  const splats = splatTeller(machine);
  const counted = splatCounter();
  const picks = hasFilters(options);
  const tell = (told: ToldSplat | null): void => {
    // A splat without an entry passes no filter.
    if (told === null || picks) return;
    counted.add(told);
    errata.add(told);
    print.tell(told);
  };
  for (const record of before) print.lead(annotate(record), record);
  return {
    take(entry) {
      const { record, text } = entry;
      const said = record === null ? null : annotate(record);
      const annotated = record?.form === 'log' && said !== null ? refine(said, record, text) : said;
      if (annotated !== null && record !== null) {
        const fits = filter(annotated, record);
        matches.add(annotated, fits);
        if (fits) {
          counter.add(annotated);
          errata.add(annotated);
        }
      }
      print.take(entry, annotated);
      tell(splats.take(entry, annotated !== null));
      if (table === null || record === null || !wanted(annotated, record)) return;
      for (const row of annotationRows(record, annotated)) table.add(row);
    },
    end: () => tell(splats.end()),
    seen: () => ({
      seen: counter.sightings(),
      errata: errata.seen(),
      splats: counted.seen(),
      matches: matches.counts(),
    }),
  };
}

/** Annotates text as a whole, in lines of JSON that are printed unless only counts are wanted. */
function fastAnnotator(
  { out }: Session,
  { name, context: data }: Input,
  { options }: Job,
  { start }: Section,
  before: readonly TraceRecord[],
): NdjsonAnnotator & { readonly errata: () => ErrataSeen } {
  const members = name === null ? {} : { file: name };
  const write = (lines: Uint8Array): void => {
    if (options.summary !== true) out.utf8(lines);
  };
  const context = withMasks(data);
  const { mmu } = context;
  const errata = errataCounter();
  const known = logErrata(mmu, machineOf(context));
  const refine: RefineLine = (...line) => {
    const refined = known(...line);
    errata.add(refined);
    return refined;
  };
  const others = othersOf(context);
  const how = { members, firstLine: start.line, before, exits: EXITS, others, refine };
  return Object.assign(ndjsonAnnotator(mmu, write, how), { errata: errata.seen });
}
