// SPDX-License-Identifier: GPL-2.0-only
import { annotationCounter, type TraceCounts } from '@spte/trace';
import {
  type ContextData,
  type ContextJson,
  commonContextJson,
  contextData,
  isMachineGiven,
  sayContext,
} from '../context/context.ts';
import { MISTAKE, type Outcome, type Session } from '../context/session.ts';
import { partPaths, removeTemporaries } from '../files/parts.ts';
import { cleaningUp } from '../io/clean-up.ts';
import { isMistake, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { documentHead } from '../io/output.ts';
import { fileProgress } from '../io/progress.ts';
import { type AnnotateSections, annotateInput, NOTHING, sum, summaryOf } from './annotate-input.ts';
import { type Annotated, annotateSection, type Job } from './annotate-section.ts';
import { type Witnessed, witness } from './evidence.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { type Annotations, annotationsOf, lookedAt } from './render-annotations.ts';
import { maxSections, WHOLE } from './sections.ts';
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
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('the standard input can be read only once');
  }
  const options = typed.parquet === undefined ? typed : { ...typed, summary: true };
  const { io, contexts } = await contextsOf(session.io, paths, options);
  const inputs = inputsOf(io, paths, contexts, options);
  const threads = threadsFor(io, inputs, options);
  const parts = inputs.flatMap(({ part }) => part ?? []);
  const annotate = (annotateSections: AnnotateSections): Promise<Annotations> =>
    annotateEach(session, inputs, options, annotateSections);
  const all = await cleaningUp(
    () => removeTemporaries(parts),
    () =>
      threads === 1
        ? annotate((input, target) =>
            annotateHere({ ...session, io }, input, { table: target.table, options }),
          )
        : withWorkers(session, inputs, options, threads, annotate),
  );
  return {
    findings: all.findings,
    possible: all.possible,
    looked: lookedAt(all),
    damaged: all.damaged > 0,
  };
}

/** What each input is read as, which is said, and the world in which what was looked at can still be read. */
async function contextsOf(
  io: Io,
  paths: readonly string[],
  options: AnnotateOptions,
): Promise<Pick<Witnessed, 'io'> & { readonly contexts: readonly ContextData[] }> {
  const contexts: ContextData[] = [];
  let world = io;
  for (const path of paths) {
    const witnessed = await witness(world, path, isMachineGiven(options));
    world = witnessed.io;
    const context = contextData(io, options, witnessed.evidence);
    contexts.push(context);
    if (witnessed.matters) sayContext(io, paths.length > 1 ? `${path}: ` : '', context, options);
  }
  return { io: world, contexts };
}

function inputsOf(
  io: Io,
  paths: readonly string[],
  contexts: readonly ContextData[],
  { parquet }: AnnotateOptions,
): Input[] {
  const parts = parquet === undefined ? [] : partPaths(io, parquet, paths);
  return paths.map((path, index) => ({
    path,
    name: paths.length > 1 ? path : null,
    part: parts[index] ?? null,
    context: contexts[index] as ContextData,
  }));
}

/** Number of threads. What is printed of a section waits in a file for its turn: only short answers use several unasked. */
function threadsFor(io: Io, inputs: readonly Input[], { jobs, summary }: AnnotateOptions): number {
  const wanted = jobs ?? (summary === true ? io.cores : 1);
  // Workers have no standard input.
  if (wanted === 1 || inputs.some(({ path }) => path === '-')) return 1;
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

/** Annotates inputs in turn, prints what stands around them, and adds up what they come to. */
async function annotateEach(
  session: Session,
  inputs: readonly Input[],
  options: AnnotateOptions,
  annotateSections: AnnotateSections,
): Promise<Annotations> {
  const { io, out } = session;
  const counter = annotationCounter();
  const context = commonContextJson(inputs.map((input) => input.context));
  let counts: TraceCounts = NOTHING;
  if (options.json === true) void out.line(filesHead(context));
  for (const [index, input] of inputs.entries()) {
    const { path, name } = input;
    void out.text(headOf(name, index, options));
    try {
      const annotated = await annotateInput(session, input, options, annotateSections);
      counts = sum(counts, annotated.counts);
      counter.merge(annotated.seen);
    } catch (error) {
      if (!isMistake(error)) throw error;
      const { message } = error;
      const who = name === null || message.includes(shown(path)) ? '' : `${name}: `;
      io.complain(`spte: ${who}${message}\n`);
      session.status = MISTAKE;
    }
  }
  const all = annotationsOf(counts, counter.tally());
  if (options.json === true) void out.line(`],"summary":${JSON.stringify(all)}}`);
  if (options.ndjson === true && inputs.length > 1) void out.line(JSON.stringify(summaryOf(all, context)));
  return all;
}

function filesHead(context: ContextJson | null): string {
  const head = JSON.stringify(documentHead('annotate', context));
  return `${head.slice(0, -1)},"files":[`;
}

/** What stands before one of the inputs. */
function headOf(name: string | null, index: number, { json, ndjson }: AnnotateOptions): string {
  if (json === true) return index === 0 ? '' : ',';
  if (ndjson === true || name === null) return '';
  return `${index === 0 ? '' : '\n'}==> ${name} <==\n`;
}
