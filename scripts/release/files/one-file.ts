// SPDX-License-Identifier: GPL-2.0-only
// The command in one file, which is its own worker.
import { isMainThread, parentPort } from 'node:worker_threads';

if (isMainThread) {
  await import('../../../apps/cli/src/main.ts');
} else {
  const { default: annotateTask } = await import('../../../apps/cli/src/annotate/annotate-worker.ts');
  type Task = Parameters<typeof annotateTask>[0];
  parentPort?.on('message', (task: Task) => {
    annotateTask(task).then(
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      (value) => parentPort?.postMessage({ value }),
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      (error: unknown) => parentPort?.postMessage({ error }),
    );
  });
}
