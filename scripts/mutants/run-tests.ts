// SPDX-License-Identifier: GPL-2.0-only
// A copy of the tree, and the process that runs tests in it.
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyTree, removeTree } from './copy.ts';
import type { Job, Message, Outcome, TestFile } from './messages.ts';
import { applied, type Edit } from './mutation.ts';

/** A test file that takes longer than this does not end. */
const MAX_MILLISECONDS = 120_000;

const ENTRY = fileURLToPath(new URL('runner.ts', import.meta.url));

/** A process with a copy of its own. */
export class Runner {
  readonly #copy: string;
  #child: ChildProcess | null = null;
  /** Files whose edit was taken back after the last job. */
  #restored: readonly string[] = [];

  constructor(root: string) {
    this.#copy = copyTree(root);
  }

  /** Starts the process; gives all test files that it knows. */
  async start(): Promise<readonly TestFile[]> {
    const child = fork(ENTRY, [this.#copy], {
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

  /** Runs test files, up to the first that fails, while an edit is in its copy. */
  async run(edit: Edit | null, tests: readonly TestFile[]): Promise<Outcome> {
    if (edit === null) {
      const changed = this.#restored;
      this.#restored = [];
      return this.#send({ changed, tests });
    }
    const path = join(this.#copy, edit.file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, applied(before, edit));
    try {
      return await this.#send({ changed: [...this.#restored, edit.file], tests });
    } finally {
      writeFileSync(path, before);
      this.#restored = [edit.file];
    }
  }

  async #send(job: Job): Promise<Outcome> {
    if (this.#child === null) await this.start();
    const child = this.#child;
    if (child === null) throw new Error('a runner did not start');
    return new Promise((resolve) => {
      let current: TestFile = { project: '', file: '' };
      let timer: NodeJS.Timeout | undefined;
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(outcome);
      };
      const giveUp = (test: string): void => {
        this.#kill();
        finish({ failure: { ...current, test }, milliseconds: [] });
      };
      child.once('exit', () => giveUp('the process ended'));
      child.on('message', (message: Message) => {
        if (message.type === 'done') finish(message);
        if (message.type !== 'begun') return;
        current = message.test;
        clearTimeout(timer);
        timer = setTimeout(() => giveUp('it does not end'), MAX_MILLISECONDS);
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
    removeTree(this.#copy);
  }
}
