// SPDX-License-Identifier: GPL-2.0-only
import { cleaningUp } from './clean-up.ts';
import { type Context, contextOf, contextText } from './context.ts';
import { isMistake, shown, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { partPaths, removeTemporaries } from './parts.ts';
import { fileProgress, type ReadProgress } from './progress.ts';
import { type CommonOptions, MISTAKE, type Session } from './session.ts';
import { type OutcomeOf, withWorkers } from './workers.ts';

/** Options of `annotate`; they may be handed to a worker. */
export interface AnnotateOptions extends CommonOptions {
  readonly summary?: boolean;
  readonly only?: 'findings';
  readonly parquet?: string;
  readonly jobs?: number;
}

/** One of the inputs. */
export interface Input {
  /** As typed; `-` is the standard input. */
  readonly path: string;
  /** What it is called where there are several; null where it is the only one. */
  readonly name: string | null;
  /** The Parquet file that is wanted of it. */
  readonly part: string | null;
}

/** How an input ended. */
export interface Outcome {
  /** Findings and disagreements. */
  readonly wrong: number;
  /** Why it could not be read to its end; null where it could. */
  readonly failed: string | null;
}

/** Annotates one input and prints what it says; see `annotateInput()`. */
export type Annotate = (
  session: Session,
  input: Input,
  context: Context,
  options: AnnotateOptions,
  progress: ReadProgress,
) => Promise<number>;

/**
 * Annotates inputs, and prints what they say in the order in which they were named, however many threads work on them.
 * One that cannot be read is named, and the others go on.
 *
 * @returns whether there are neither findings nor disagreements
 */
export async function annotateInputs(
  session: Session,
  paths: readonly string[],
  typed: AnnotateOptions,
  annotate: Annotate,
): Promise<boolean> {
  const { io } = session;
  const context = contextOf(io, typed);
  if (context.assumed.length > 0) io.complain(`spte: read as ${contextText(context)}\n`);
  const options = typed.parquet === undefined ? typed : { ...typed, summary: true };
  const inputs = inputsOf(io, paths, options);
  const jobs = jobsFor(io, inputs, options);
  const parts = inputs.flatMap(({ part }) => part ?? []);
  const print = (outcomeOf: OutcomeOf): Promise<number> => printAll(session, inputs, options, outcomeOf);
  const wrong = await cleaningUp(
    () => removeTemporaries(parts),
    () =>
      jobs === 1
        ? print((input) => annotateHere(session, input, context, options, annotate))
        : withWorkers(session, inputs, options, jobs, print),
  );
  if (wrong > 0 && context.assumed.length > 0) {
    io.complain(
      'spte: was it another kernel or machine? `spte decode --which` ranks those that values fit\n',
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

/** Threads: what is printed of an input waits in a file for its turn, so that only short answers use several unasked. */
function jobsFor({ cores }: Io, inputs: readonly Input[], { jobs, summary }: AnnotateOptions): number {
  // Workers have no standard input.
  if (inputs.some(({ path }) => path === '-')) return 1;
  return Math.min(inputs.length, jobs ?? (summary === true ? cores : 1));
}

/** On this thread. */
async function annotateHere(
  session: Session,
  input: Input,
  context: Context,
  options: AnnotateOptions,
  annotate: Annotate,
): Promise<Outcome> {
  const bar = fileProgress(session.io, input.path, 'annotating');
  try {
    return await outcomeOf(() => annotate(session, input, context, options, bar));
  } finally {
    bar.done();
  }
}

/** Turns a mistake into an outcome; a bug stays one. */
export async function outcomeOf(annotate: () => Promise<number>): Promise<Outcome> {
  try {
    return { wrong: await annotate(), failed: null };
  } catch (error) {
    if (!isMistake(error)) throw error;
    return { wrong: 0, failed: error.message };
  }
}

/** Prints what stands between inputs, and asks for them in turn. */
async function printAll(
  session: Session,
  inputs: readonly Input[],
  options: AnnotateOptions,
  outcomeOf: OutcomeOf,
): Promise<number> {
  const { io, out } = session;
  let wrong = 0;
  for (const [index, input] of inputs.entries()) {
    const { path, name } = input;
    if (name !== null) void out.text(headOf(name, index, options));
    const { wrong: ofInput, failed } = await outcomeOf(input, index);
    wrong += ofInput;
    if (failed === null) continue;
    if (name === null) throw new UsageError(failed);
    io.complain(`spte: ${failed.includes(shown(path)) ? '' : `${name}: `}${failed}\n`);
    session.status = MISTAKE;
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
