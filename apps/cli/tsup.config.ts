// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';

/** The command is a program, so that each of its two entries is one file; what it depends on is installed beside it. */
const config: Options = {
  entry: { main: 'src/main.ts', 'annotate-worker': 'src/annotate/annotate-worker.ts' },
  format: 'esm',
  target: 'es2023',
  tsconfig: 'tsconfig.build.json',
  sourcemap: true,
  clean: true,
  // Private: it is not on the registry.
  noExternal: ['@spte/conformance'],
};
export default config;
