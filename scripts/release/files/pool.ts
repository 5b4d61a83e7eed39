// SPDX-License-Identifier: GPL-2.0-only
// Takes the place of tinypool where the command is one file: tinypool starts threads from a file of its own.
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';

interface Job {
  readonly task: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** This file, as a thread: as it lies on the disk, or out of an executable. */
function startThread(): Worker {
  if (!isSea()) return new Worker(new URL(import.meta.url));
  const source = Buffer.from(getRawAsset('spte.mjs') as ArrayBuffer).toString('base64');
  return new Worker(new URL(`data:text/javascript;base64,${source}`));
}

/** As many threads as there are tasks, up to a limit; each does one task at a time. */
export class Tinypool {
  readonly #limit: number;
  readonly #threads = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #waiting: Job[] = [];

  constructor({ maxThreads }: { readonly maxThreads: number }) {
    this.#limit = maxThreads;
  }

  run(task: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#next();
    });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #next(): void {
    const thread = this.#idle.pop() ?? (this.#threads.size < this.#limit ? this.#start() : undefined);
    if (thread === undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return void this.#idle.push(thread);
    const done = (settle: () => void): void => {
      thread.removeAllListeners();
      settle();
      this.#next();
    };
    const lost = (error: unknown): void => {
      this.#threads.delete(thread);
      done(() => job.reject(error));
    };
    thread.once('message', ({ value, error }: { value?: unknown; error?: unknown }) => {
      this.#idle.push(thread);
      done(() => (error === undefined ? job.resolve(value) : job.reject(error)));
    });
    thread.once('error', lost);
    thread.once('exit', (code) => lost(new Error(`a thread ended with code ${code}`)));
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(job.task);
  }

  #start(): Worker {
    const thread = startThread();
    this.#threads.add(thread);
    return thread;
  }
}
