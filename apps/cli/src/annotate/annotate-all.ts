// SPDX-License-Identifier: GPL-2.0-only
import { annotationCounter, type TraceCounts } from '@spte/trace';
import {
  type ContextData,
  type ContextJson,
  commonContextJson,
  contextData,
  isMachineGiven,
  othersOf,
  sayContext,
  withMasks,
} from '../context/context.ts';
import { type Outcome, type Session, statusOf, statusOfError, worse } from '../context/session.ts';
import { errataCounter } from '../entry/errata-counter.ts';
import { splatCounter } from '../entry/splat-counter.ts';
import { partPaths, removeTemporaries } from '../files/parts.ts';
import { cleaningUp } from '../io/clean-up.ts';
import { isMistake, OutputError, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { documentHead } from '../io/output.ts';
import { fileProgress } from '../io/progress.ts';
import { policyOf } from '../verdict/options.ts';
import { type Reporter, reporterOf } from '../verdict/report.ts';
import { sayVerdict } from '../verdict/say.ts';
import {
  bothVerdicts,
  createJudge,
  NO_VERDICT,
  outcomeBy,
  type Policy,
  type Verdict,
} from '../verdict/verdict.ts';
import {
  type AnnotateSections,
  annotateInput,
  NOTHING,
  sum,
  summaryOf,
  withVerdict,
} from './annotate-input.ts';
import { type Annotated, annotateSection, type Job } from './annotate-section.ts';
import { type Witnessed, witness } from './evidence.ts';
import { checkFilters } from './filter-options.ts';
import { filteredBy, matchCounter } from './matches.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { type Annotations, annotationsOf, lookedAt } from './render-annotations.ts';
import { maxSections, WHOLE } from './sections.ts';
import type { Strangers } from './strangers.ts';
import { withWorkers } from './workers.ts';

/**
 * Annotates inputs, and prints them in the order in which they were given, however many threads work on them. An input
 * that cannot be read is reported, and the others go on.
 */
export async function annotateAll(
  session: Session,
  paths: readonly string[],
  typed: AnnotateOptions,
): Promise<Outcome> {
  if ([...paths, typed.baseline].filter((path) => path === '-').length > 1) {
    throw new UsageError('the standard input can be read only once');
  }
  checkFilters(typed);
  const options = typed.parquet === undefined ? typed : { ...typed, summary: true };
  const policy = await policyOf(session.io, typed, 'annotate');
  const reporter = reporterOf(session.out, policy, typed);
  const { io, looked } = await lookedAtAll(session.io, paths, options);
  const inputs = inputsOf(io, paths, looked, options);
  const others = looked.map(({ strangers }) => strangers);
  const threads = threadsFor(io, inputs, options);
  const parts = inputs.flatMap(({ part }) => part ?? []);
  const annotate = (annotateSections: AnnotateSections): Promise<Outcome> =>
    annotateEach(session, inputs, { options, policy, reporter, others }, annotateSections);
  return cleaningUp(
    () => {
      removeTemporaries(parts);
      for (const spooled of io.spooled?.values() ?? []) spooled.close();
    },
    () =>
      threads === 1
        ? annotate((input, target) =>
            annotateHere({ ...session, io }, input, { table: target.table, options, reporter }),
          )
        : withWorkers(session, inputs, options, threads, annotate),
  );
}

/** What is known of an input before it is annotated. */
interface Looked extends Pick<Witnessed, 'strangers' | 'hasSplats'> {
  readonly context: ContextData;
}

/** What each input is read as, which is said, and the world in which what was looked at can still be read. */
async function lookedAtAll(
  io: Io,
  paths: readonly string[],
  options: AnnotateOptions,
): Promise<{ readonly io: Io; readonly looked: readonly Looked[] }> {
  const looked: Looked[] = [];
  let world = io;
  for (const path of paths) {
    const witnessed = await witness(world, path, isMachineGiven(options));
    world = witnessed.io;
    const context = contextData(io, options, witnessed.evidence);
    looked.push({ ...witnessed, context });
    if (witnessed.matters) sayContext(io, paths.length > 1 ? `${path}: ` : '', context, options);
  }
  return { io: world, looked };
}

function inputsOf(
  io: Io,
  paths: readonly string[],
  looked: readonly Looked[],
  { parquet }: AnnotateOptions,
): Input[] {
  const parts = parquet === undefined ? [] : partPaths(io, parquet, paths);
  return looked.map(({ context, hasSplats }, index) => ({
    path: paths[index] as string,
    name: paths.length > 1 ? (paths[index] as string) : null,
    part: parts[index] ?? null,
    context,
    hasSplats,
  }));
}

/** Number of threads. What is printed of a section waits in a file for its turn: only short answers use several unasked. */
function threadsFor(
  io: Io,
  inputs: readonly Input[],
  { jobs, summary, format, around }: AnnotateOptions,
): number {
  // What is told item by item is told in order; lines around a line may be of another section.
  if (format !== undefined || around !== undefined) return 1;
  const wanted = jobs ?? (summary === true ? io.cores : 1);
  // Workers have no standard input, and none of what was begun to be read.
  if (wanted === 1 || inputs.some(({ path }) => path === '-' || io.held?.has(path) === true)) return 1;
  return inputs.reduce((most, { path }) => Math.min(wanted, most + maxSections(io, path)), 0);
}

/** Annotates an input as one section, on this thread. */
async function* annotateHere(
  session: Session,
  input: Input,
  job: Omit<Job, 'onRead'>,
): AsyncGenerator<Annotated, void> {
  const bar = fileProgress(session.io, input.path, 'annotating');
  try {
    yield await annotateSection(session, input, WHOLE, { ...job, onRead: bar.read });
  } finally {
    bar.done();
  }
}

/** What the whole run has in common. */
interface Run {
  readonly options: AnnotateOptions;
  readonly policy: Policy;
  readonly reporter: Reporter | null;
  /** What each input shows in lines that are not read. */
  readonly others: readonly Strangers[];
}

/** Annotates inputs in turn, prints what stands around them, and adds up what they come to. */
async function annotateEach(
  session: Session,
  inputs: readonly Input[],
  { options, policy, reporter, others }: Run,
  annotateSections: AnnotateSections,
): Promise<Outcome> {
  const { io, out } = session;
  const counter = annotationCounter();
  const errata = errataCounter();
  const splats = splatCounter();
  const matches = matchCounter(options);
  const context = commonContextJson(inputs.map((input) => input.context));
  const judge = createJudge(
    policy,
    inputs.map(({ path }) => path),
  );
  let counts: TraceCounts = NOTHING;
  let verdict = NO_VERDICT;
  if (options.json === true) void out.line(filesHead(context));
  reporter?.begin(inputs.length);
  for (const [index, input] of inputs.entries()) {
    const { path, name } = input;
    void out.text(headOf(name, index, options));
    try {
      const annotated = await annotateInput(session, input, { options, policy, judge }, annotateSections);
      counts = sum(counts, annotated.counts);
      counter.merge(annotated.seen);
      errata.merge(annotated.errata);
      splats.merge(annotated.splats);
      matches.merge(annotated.matches);
      verdict = bothVerdicts(verdict, annotated.verdict);
      const outcome = outcomeOfAll(
        annotationsOf(annotated.counts, annotated.tally, {
          ...annotated,
          ...filteredBy(options, annotated.matches),
        }),
        annotated.verdict,
      );
      reporter?.end(path, { verdict: annotated.verdict, status: statusOf(outcome, true) });
      if (outcome.looked === 0) sayStrangers(io, input, others[index]);
    } catch (error) {
      // Nothing more can be said of this input or another.
      if (!isMistake(error) || error instanceof OutputError) throw error;
      const { message } = error;
      const who = name === null || message.includes(shown(path)) ? '' : `${name}: `;
      io.complain(`spte: ${who}${message}\n`);
      reporter?.end(path, { verdict: NO_VERDICT, status: statusOfError(error), failed: message });
      session.status = worse(session.status, statusOfError(error));
    }
  }
  const all = annotationsOf(counts, counter.tally(), {
    errata: errata.seen(),
    splats: splats.seen(),
    ...filteredBy(options, matches.counts()),
  });
  const judged = withVerdict(all, policy, verdict);
  if (options.json === true) void out.line(`],"summary":${JSON.stringify(judged)}}`);
  if (options.ndjson === true && inputs.length > 1) void out.line(JSON.stringify(summaryOf(judged, context)));
  if (!isSaid(options, inputs)) sayVerdict(io, options, policy, verdict);
  return outcomeOfAll(all, verdict);
}

/** Says what may be made of an input in which nothing was recognised. */
function sayStrangers(io: Io, { name, context }: Input, others: Strangers | undefined): void {
  const mmus = [withMasks(context), ...othersOf(context)].map(({ mmu }) => mmu);
  const text = others?.say(mmus) ?? null;
  if (text !== null) io.complain(`spte: ${name === null ? '' : `${name}: `}${text}\n`);
}

/** Whether what is printed of the only input says what counts. */
const isSaid = ({ summary, format }: AnnotateOptions, inputs: readonly Input[]): boolean =>
  (summary === true || format !== undefined) && inputs.length === 1;

const outcomeOfAll = (all: Annotations, verdict: Verdict): Outcome =>
  outcomeBy(verdict, lookedAt(all), all.damaged > 0);

function filesHead(context: ContextJson | null): string {
  const head = JSON.stringify(documentHead('annotate', context));
  return `${head.slice(0, -1)},"files":[`;
}

/** What stands before one of the inputs. */
function headOf(name: string | null, index: number, { json, ndjson, format }: AnnotateOptions): string {
  if (json === true) return index === 0 ? '' : ',';
  if (ndjson === true || format !== undefined || name === null) return '';
  return `${index === 0 ? '' : '\n'}==> ${name} <==\n`;
}
