#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import nodeModule from 'node:module';
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

// What was compiled once need not be again, where Node keeps it (22.8 and newer).
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();

// The space for young objects stays small: it would grow to a hundred megabytes, for a program that needs fifty.
try {
  setFlagsFromString('--semi-space-growth-factor=1');
} catch {
  // Bun's engine has no such space; old Buns say so by an error.
}
const { main } = await import('./cli.ts');

// Who writes hears of an error: `write` rejects. What cannot be said on the standard error cannot be said.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** A script of pnpm runs at the root of the repository; paths are seen from where it was started. */
const fromSources = import.meta.url.endsWith('/src/main.ts');

process.exitCode = await main(process.argv.slice(2), {
  write: (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    }),
  complain: (text) => void process.stderr.write(text),
  draw: (text) => void process.stderr.write(text),
  stdin: process.stdin,
  env: process.env,
  cwd: (fromSources ? process.env['INIT_CWD'] : undefined) ?? process.cwd(),
  terminal: process.stdout.isTTY,
  errorTerminal: process.stderr.isTTY,
  cores: availableParallelism(),
});
