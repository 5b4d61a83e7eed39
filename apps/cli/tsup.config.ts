// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';

/** The command is a program: a module for each command, loaded when it is used, and one that threads run. */
const config: Options = {
  entry: { main: 'src/main.ts', 'annotate-worker': 'src/annotate/annotate-worker.ts' },
  format: 'esm',
  target: 'es2023',
  tsconfig: 'tsconfig.build.json',
  // Commands are modules of their own, and what several need is, too.
  splitting: true,
  sourcemap: true,
  clean: true,
  onSuccess: 'node dist/main.js man > dist/spte.1',
  // To load a hundred modules takes Node longer than the command works. A plugin brings its own core, of the same
  // version: two that differ are refused when they meet.
  noExternal: [/^@spte\//],
  minify: true,
};
export default config;
