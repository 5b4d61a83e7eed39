// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';

/** Programs of this folder are bundled, as what ships is: a loader for TypeScript makes closures slow. */
const config: Options = {
  outDir: 'bench/dist',
  format: 'esm',
  target: 'es2023',
  external: ['tinypool'],
  noExternal: [/^@spte\//],
  esbuildOptions: (options) => {
    options.conditions = ['@spte/source'];
  },
  silent: true,
};
export default config;
