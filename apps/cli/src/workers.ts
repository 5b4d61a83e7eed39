// SPDX-License-Identifier: GPL-2.0-only
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tinypool } from 'tinypool';
import { cleaningUp } from './clean-up.ts';
import type { AnnotateOptions, Input, Outcome } from './inputs.ts';
import type { Io } from './io.ts';
import { fileSize, progressBar } from './progress.ts';
import type { Session } from './session.ts';

/** What a worker gets: what can be copied between threads. */
export interface Task {
  readonly input: Input;
  readonly options: AnnotateOptions;
  readonly io: Pick<Io, 'env' | 'cwd' | 'terminal'>;
  /** The file into which it prints. */
  readonly printed: string;
  /** Bytes read so far of each input, in shared memory. */
  readonly read: Float64Array;
  /** Which of them is its own. */
  readonly index: number;
}

/** What it gives back. */
export interface Result extends Outcome {
  /** What it said on the standard error. */
  readonly complaints: string;
}

/** Beside this module: in the folder of the sources, or in `dist`. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './worker-from-sources.mjs' : './annotate-worker.js',
  import.meta.url,
);

const PROGRESS_MS = 100;

/** Text of a worker that is held in memory at once, in bytes. */
const CHUNK = 1 << 20;

/** Gives the outcome of an input once its turn has come, and prints what its worker printed. */
export type OutcomeOf = (input: Input, index: number) => Promise<Outcome>;

/**
 * Annotates inputs on several threads. What each prints waits in a file for its turn.
 *
 * @param use asks for the outcomes, in any order
 */
export async function withWorkers<T>(
  session: Session,
  inputs: readonly Input[],
  options: AnnotateOptions,
  jobs: number,
  use: (outcomeOf: OutcomeOf) => Promise<T>,
): Promise<T> {
  const { env, cwd, terminal } = session.io;
  const folder = mkdtempSync(join(tmpdir(), 'spte-'));
  const read = new Float64Array(new SharedArrayBuffer(inputs.length * Float64Array.BYTES_PER_ELEMENT));
  const printed = (index: number): string => join(folder, String(index));
  return cleaningUp(
    () => rmSync(folder, { recursive: true, force: true }),
    async () => {
      const pool = new Tinypool({ filename: WORKER.href, minThreads: jobs, maxThreads: jobs });
      const bar = watch(session.io, inputs, read);
      const run = async (input: Input, index: number): Promise<Result> => {
        const io = { env: { ...env }, cwd, terminal };
        const task: Task = { input, options, io, printed: printed(index), read, index };
        return (await pool.run(task)) as Result;
      };
      const results = inputs.map(run);
      // What a worker throws is a bug: it is told when its turn comes, or never, where another came before it.
      for (const result of results) result.catch(() => undefined);
      try {
        return await use(async (_input, index) => {
          const { complaints, ...outcome } = await (results[index] as Promise<Result>);
          bar.hide();
          await print(session, printed(index));
          session.io.complain(complaints);
          return outcome;
        });
      } finally {
        bar.done();
        await pool.destroy();
      }
    },
  );
}

async function print({ out }: Session, path: string): Promise<void> {
  const chunks = createReadStream(path, { encoding: 'utf8', highWaterMark: CHUNK });
  for await (const chunk of chunks as AsyncIterable<string>) await out.text(chunk);
  rmSync(path);
}

/** A bar that shows how much of all inputs was read. */
function watch(
  io: Io,
  inputs: readonly Input[],
  read: Float64Array,
): { readonly hide: () => void; readonly done: () => void } {
  const bar = progressBar(io, 'annotating');
  const size = inputs.reduce((sum, { path }) => sum + fileSize(io, path), 0);
  const timer = setInterval(() => {
    const done = read.reduce((sum, bytes) => sum + bytes, 0);
    if (size > 0) bar.at(Math.min(done / size, 1));
  }, PROGRESS_MS);
  return {
    hide: bar.done,
    done() {
      clearInterval(timer);
      bar.done();
    },
  };
}
