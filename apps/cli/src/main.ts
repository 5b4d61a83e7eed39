#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { once } from 'node:events';
import nodeModule from 'node:module';
import { availableParallelism } from 'node:os';

// What was compiled once need not be again, where Node keeps it (22.8 and newer).
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
const { main } = await import('./cli.ts');

// A reader that has seen enough, such as head(1), is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // eslint-disable-next-line unicorn/no-process-exit -- nothing that is still to be written will be read
    process.exit();
  });
}

/** A script of pnpm runs at the root of the repository; paths are seen from where it was started. */
const fromSources = import.meta.url.endsWith('/src/main.ts');

process.exitCode = await main(process.argv.slice(2), {
  async write(text) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  },
  complain: (text) => void process.stderr.write(text),
  stdin: process.stdin,
  env: process.env,
  cwd: (fromSources ? process.env['INIT_CWD'] : undefined) ?? process.cwd(),
  terminal: process.stdout.isTTY,
  errorTerminal: process.stderr.isTTY,
  cores: availableParallelism(),
});
