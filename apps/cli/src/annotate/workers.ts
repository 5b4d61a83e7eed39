// SPDX-License-Identifier: GPL-2.0-only
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tinypool } from 'tinypool';
import type { Session } from '../context/session.ts';
import type { RowGroups } from '../files/parquet-table.ts';
import { cleaningUp } from '../io/clean-up.ts';
import { UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';
import { fileSize, progressBar } from '../io/progress.ts';
import type { AnnotateSections, Target } from './annotate-input.ts';
import type { Annotated } from './annotate-section.ts';
import type { AnnotateOptions, Input } from './options.ts';
import { type Section, sectionBytes, sectionsOf, WHOLE } from './sections.ts';

/** What a worker gets: what can be copied between threads. */
export interface Task {
  readonly input: Input;
  readonly section: Section;
  readonly options: AnnotateOptions;
  readonly io: Pick<Io, 'env' | 'cwd' | 'terminal'>;
  /** The file into which it prints. */
  readonly printed: string;
  /** Bytes that all workers have read so far, in shared memory. */
  readonly read: BigInt64Array;
}

/** What it gives back; or why the section could not be read to its end. */
export type Result =
  | (Annotated & { readonly failed: null; readonly rows: RowGroups | null })
  | { readonly failed: string };

/** Beside this module: in the folder of the sources, or in `dist`. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './worker-from-sources.mjs' : './annotate-worker.js',
  import.meta.url,
);

const PROGRESS_MS = 100;

/** Text of a worker that is held in memory at once, in bytes. */
const CHUNK = 1 << 20;

/** Sections for each thread that are at work, or wait to be printed. */
const AHEAD = 2;

/**
 * Annotates inputs on several threads, large ones in sections. What is printed of each waits in a file for its turn.
 *
 * @param use asks for inputs in their order
 */
export async function withWorkers<T>(
  session: Session,
  inputs: readonly Input[],
  options: AnnotateOptions,
  threads: number,
  use: (annotateSections: AnnotateSections) => Promise<T>,
): Promise<T> {
  const { env, cwd, terminal } = session.io;
  const folder = mkdtempSync(join(tmpdir(), 'spte-'));
  const read = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const shared = { options, io: { env: { ...env }, cwd, terminal }, read };
  return cleaningUp(
    () => rmSync(folder, { recursive: true, force: true }),
    async () => {
      const pool = new Tinypool({ filename: WORKER.href, minThreads: threads, maxThreads: threads });
      const size = inputs.reduce((sum, { path }) => sum + fileSize(session.io, path), 0);
      const bytes = sectionBytes(session.io, size, threads, options.summary !== true);
      const bar = watch(session.io, size, read);
      let count = 0;
      const start = (input: Input, section: Section): Running => {
        const task: Task = { ...shared, input, section, printed: join(folder, String(count++)) };
        const result = pool.run(task) as Promise<Result>;
        // What a worker throws is a bug: it is told when its turn comes, or never, where another came before it.
        result.catch(() => undefined);
        return { task, result };
      };
      try {
        return await use(inSections(session, inputs, { threads, bytes }, start, bar.hide));
      } finally {
        bar.done();
        await pool.destroy();
      }
    },
  );
}

/** A section at work. */
interface Running {
  readonly task: Task;
  readonly result: Promise<Result>;
}

/** Annotates inputs by sections of which `start` sets a thread to work. `beforePrint` hears when one is printed. */
function inSections(
  session: Session,
  inputs: readonly Input[],
  { threads, bytes }: { readonly threads: number; readonly bytes: number },
  start: (input: Input, section: Section) => Running,
  beforePrint: () => void,
): AnnotateSections {
  /** The input whose turn it is. */
  let turn = 0;
  const started = function* (): Generator<Running, void> {
    for (const [index, input] of inputs.entries()) {
      for (const section of sectionsOf(session.io, input.path, bytes)) {
        // Nothing more is wanted of an input that could not be read to its end.
        if (index < turn) break;
        yield start(input, section);
      }
    }
  };
  const running = inTurn(started(), AHEAD * threads);
  return async function* (input, target) {
    turn = inputs.indexOf(input);
    for (let end = 0; end < WHOLE.end; ) {
      const next = running.next();
      if (next.done === true) return;
      const { task, result } = next.value;
      if (task.input !== input) continue;
      const done = await result;
      beforePrint();
      await print(session, task.printed, target.join);
      if (done.failed !== null) throw new UsageError(done.failed);
      if (done.rows !== null) appendRows(target, done.rows);
      yield done;
      end = task.section.end;
    }
  };
}

/** Starts sections ahead of the one whose turn it is, as many as may wait to be printed. What cannot be cut does not count. */
function* inTurn(sections: Iterator<Running, void>, most: number): Generator<Running, void> {
  const running: Running[] = [];
  for (;;) {
    while (running.filter(({ task }) => task.section.file !== null).length < most) {
      const next = sections.next();
      if (next.done === true) break;
      running.push(next.value);
    }
    const first = running.shift();
    if (first === undefined) return;
    yield first;
  }
}

async function print({ io, out }: Session, path: string, join: () => void): Promise<void> {
  if (statSync(path).size > 0) join();
  await out.flush();
  const chunks = createReadStream(path, { highWaterMark: CHUNK });
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) await io.write(chunk);
  rmSync(path);
}

function appendRows({ table }: Target, rows: RowGroups): void {
  table?.append(rows);
  rmSync(rows.file);
}

/** A bar that shows how much of all inputs was read, in bytes. */
function watch(
  io: Io,
  size: number,
  read: BigInt64Array,
): { readonly hide: () => void; readonly done: () => void } {
  const bar = progressBar(io, 'annotating');
  const timer = setInterval(() => {
    if (size > 0) bar.at(Math.min(Number(Atomics.load(read, 0)) / size, 1));
  }, PROGRESS_MS);
  return {
    hide: bar.done,
    done() {
      clearInterval(timer);
      bar.done();
    },
  };
}
