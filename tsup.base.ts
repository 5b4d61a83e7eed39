// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';

/** The build of every package: one ES module and its declarations. */
export const library: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2023',
  tsconfig: 'tsconfig.build.json',
  // tsup sets baseUrl for the declarations, which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  clean: true,
};
