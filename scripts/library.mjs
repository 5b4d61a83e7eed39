// SPDX-License-Identifier: GPL-2.0-only
// The build of a library, from its folder: each module of src/ becomes one module of dist/, with its declarations
// and its source map.
//
// Nothing is bundled, so that a bundler which meets one function reads the modules below it and no others. Nothing is
// checked and nothing outside src/ is read, for `typecheck` does that: each file is translated by itself, which
// `isolatedModules` and `isolatedDeclarations` make possible.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';

const options = {
  project: 'tsconfig.build.json',
  rootDir: 'src',
  outDir: 'dist',
  noEmit: false,
  noCheck: true,
  noResolve: true,
  rewriteRelativeImportExtensions: true,
  inlineSources: true,
};

// A module that is gone must not ship.
rmSync('dist', { recursive: true, force: true });
const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), ...words],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
