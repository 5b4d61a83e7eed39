// SPDX-License-Identifier: GPL-2.0-only
import { type Context, contextOf, contextText } from '../context/context.ts';
import { MISTAKE, type Session } from '../context/session.ts';
import { partPaths, removeTemporaries } from '../files/parts.ts';
import { cleaningUp } from '../io/clean-up.ts';
import { isMistake, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { fileProgress } from '../io/progress.ts';
import { type AnnotateSections, annotateInput } from './annotate-input.ts';
import { type Annotated, annotateSection, type Job } from './annotate-section.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { maxSections, WHOLE } from './sections.ts';
import { withWorkers } from './workers.ts';

/**
 * Annotates inputs, and prints them in the order in which they were given, however many threads work on them. An input
 * that cannot be read is reported, and the others go on.
 *
 * @returns true when there are neither findings nor disagreements
 */
export async function annotateAll(
  session: Session,
  paths: readonly string[],
  typed: AnnotateOptions,
): Promise<boolean> {
  const { io } = session;
  const context = contextOf(io, typed);
  if (context.assumed.length > 0) io.complain(`spte: read as ${contextText(context)}\n`);
  const options = typed.parquet === undefined ? typed : { ...typed, summary: true };
  const inputs = inputsOf(io, paths, options);
  const threads = threadsFor(io, inputs, options);
  const parts = inputs.flatMap(({ part }) => part ?? []);
  const annotate = (annotateSections: AnnotateSections): Promise<number> =>
    annotateEach(session, inputs, context, options, annotateSections);
  const wrong = await cleaningUp(
    () => removeTemporaries(parts),
    () =>
      threads === 1
        ? annotate((input, target) => annotateHere(session, input, { ...target, context, options }))
        : withWorkers(session, inputs, options, threads, annotate),
  );
  if (wrong > 0 && context.assumed.length > 0) {
    io.complain(
      'spte: was it another kernel or machine? `spte decode --which` ranks the contexts that fit the values\n',
    );
  }
  return wrong === 0;
}

function inputsOf(io: Io, paths: readonly string[], { parquet }: AnnotateOptions): Input[] {
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('the standard input can be read only once');
  }
  const parts = parquet === undefined ? [] : partPaths(io, parquet, paths);
  return paths.map((path, index) => ({
    path,
    name: paths.length > 1 ? path : null,
    part: parts[index] ?? null,
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

/** Annotates inputs in turn, prints what stands between them, and counts findings and disagreements. */
async function annotateEach(
  session: Session,
  inputs: readonly Input[],
  context: Context,
  options: AnnotateOptions,
  annotateSections: AnnotateSections,
): Promise<number> {
  const { io, out } = session;
  let wrong = 0;
  for (const [index, input] of inputs.entries()) {
    const { path, name } = input;
    if (name !== null) void out.text(headOf(name, index, options));
    try {
      wrong += await annotateInput(session, input, context, options, annotateSections);
    } catch (error) {
      if (name === null || !isMistake(error)) throw error;
      const { message } = error;
      io.complain(`spte: ${message.includes(shown(path)) ? '' : `${name}: `}${message}\n`);
      session.status = MISTAKE;
    }
  }
  if (inputs.length > 1 && options.json === true) void out.line(']');
  return wrong;
}

/** What stands before one of several inputs. */
function headOf(name: string, index: number, { json, ndjson }: AnnotateOptions): string {
  if (json === true) return index === 0 ? '[' : ',';
  if (ndjson === true) return '';
  return `${index === 0 ? '' : '\n'}==> ${name} <==\n`;
}
