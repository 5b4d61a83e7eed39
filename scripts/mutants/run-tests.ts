// SPDX-License-Identifier: GPL-2.0-only
// A copy of the tree, and the process that runs tests in it.
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeWorkshop, removeWorkshop, type Workshop } from './copy.ts';
import type { Failure, Job, Message, TestFile } from './messages.ts';
import { applied, type Edit } from './mutation.ts';

/** A test file that takes longer than this on a quiet machine does not end. */
const MAX_MILLISECONDS = 120_000;

/** The same on this machine as it is now. */
const mostMilliseconds = (): number =>
  MAX_MILLISECONDS * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

const ENTRY = fileURLToPath(new URL('runner.ts', import.meta.url));

/** A process with a copy of its own. */
export class Runner {
  readonly #workshop: Workshop;
  #child: ChildProcess | null = null;
  /** Files whose edit was taken back after the last job. */
  #restored: readonly string[] = [];

  constructor(root: string) {
    this.#workshop = makeWorkshop(root);
  }

  /** Starts the process; gives all test files that it knows. */
  async start(): Promise<readonly TestFile[]> {
    const { copy, temporary } = this.#workshop;
    const child = fork(ENTRY, [copy], {
      env: { ...process.env, TMPDIR: temporary },
      execArgv: ['--import', 'tsx'],
      // In a group of its own, to be ended together with the workers of vitest.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error('a runner ended before it was ready')));
      child.once('message', (message: Message) => {
        child.removeAllListeners();
        if (message.type === 'ready') resolve(message.tests);
      });
    });
  }

  /** Runs test files, up to the first that fails, while an edit is in its copy. Gives the one that failed. */
  async run(edit: Edit | null, tests: readonly TestFile[]): Promise<Failure | null> {
    if (edit === null) {
      const changed = this.#restored;
      this.#restored = [];
      return this.#send({ changed, tests });
    }
    const path = join(this.#workshop.copy, edit.file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, applied(before, edit));
    try {
      return await this.#send({ changed: [...this.#restored, edit.file], tests });
    } finally {
      writeFileSync(path, before);
      this.#restored = [edit.file];
    }
  }

  async #send(job: Job): Promise<Failure | null> {
    if (this.#child === null) await this.start();
    const child = this.#child;
    if (child === null) throw new Error('a runner did not start');
    return new Promise((resolve) => {
      let current: TestFile = { project: '', file: '' };
      let timer: NodeJS.Timeout | undefined;
      const finish = (failure: Failure | null): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(failure);
      };
      const giveUp = (test: string): void => {
        this.#kill();
        finish({ ...current, test, why: '' });
      };
      child.once('exit', () => giveUp('the process ended'));
      child.on('message', (message: Message) => {
        if (message.type === 'done') finish(message.failure);
        if (message.type !== 'begun') return;
        current = message.test;
        clearTimeout(timer);
        timer = setTimeout(() => giveUp('it does not end'), mostMilliseconds());
      });
      child.send(job);
    });
  }

  #kill(): void {
    const child = this.#child;
    this.#child = null;
    if (child?.pid === undefined) return;
    child.removeAllListeners();
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  /** Ends the process and removes the copy. */
  close(): void {
    this.#kill();
    removeWorkshop(this.#workshop);
  }
}
