// SPDX-License-Identifier: GPL-2.0-only
// Proves that every published package works for a stranger. For each one, in an empty project outside the
// repository: install its tarball with those of the packages it needs (no registry), type-check an import of
// it under `moduleResolution: nodenext`, and run the first `ts` block of its README.
//
// `pnpm consumer` packs first; this script expects packages/*/.pack/package.tgz.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './pnpm.mjs';

/** @typedef {{ name: string, private?: boolean, dependencies?: Record<string, string> }} Manifest */
/** @typedef {{ name: string, folder: string, needs: string[] }} Package */

/** @returns {Package[]} */
function publishedPackages() {
  return readdirSync(join(root, 'packages')).flatMap((entry) => {
    const folder = join(root, 'packages', entry);
    if (!existsSync(join(folder, 'package.json'))) return [];
    const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    if (manifest.private === true) return [];
    return [{ name: manifest.name, folder, needs: Object.keys(manifest.dependencies ?? {}) }];
  });
}

/**
 * A package and everything it needs, by name.
 *
 * @param {Map<string, Package>} packages
 * @param {string} name
 * @param {Set<string>} found
 */
function closure(packages, name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const need of packages.get(name)?.needs ?? []) closure(packages, need, found);
  return found;
}

/**
 * @param {string} cwd
 * @param {string} file
 * @param {string[]} words
 */
function must(cwd, file, ...words) {
  const result = spawnSync(file, words, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${[file, ...words].join(' ')} failed:\n${result.stdout}${result.stderr}`.trim());
}

/** @param {Package} pkg */
function readmeExample(pkg) {
  const readme = join(pkg.folder, 'README.md');
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
  const block = /^```ts\b[^\n]*\n(.*?)^```/ms.exec(text)?.[1];
  if (block === undefined)
    throw new Error('no README example: README.md needs a first ```ts block that runs alone');
  return block;
}

/**
 * @param {Package} pkg
 * @param {Map<string, Package>} packages
 * @param {string} folder an empty one
 */
function checkPackage(pkg, packages, folder) {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  const tarballs = [...closure(packages, pkg.name)].map((name) => {
    const folderOfPackage = packages.get(name)?.folder;
    if (folderOfPackage === undefined)
      throw new Error(`it depends on ${name}, which this repository does not publish`);
    return join(folderOfPackage, '.pack', 'package.tgz');
  });
  must(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs);

  // The whole surface as a value, so that every declaration the package ships is loaded and checked.
  writeFileSync(
    join(folder, 'import.ts'),
    `import * as api from '${pkg.name}';\nexport const surface: object = api;\n`,
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022'],
        types: [],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      },
      files: ['import.ts'],
    }),
  );
  must(folder, process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.');

  const example = ts.transpileModule(readmeExample(pkg), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  writeFileSync(join(folder, 'example.mjs'), example.outputText);
  must(folder, process.execPath, 'example.mjs');
}

const packages = new Map(publishedPackages().map((pkg) => [pkg.name, pkg]));
for (const pkg of packages.values()) {
  const folder = mkdtempSync(join(tmpdir(), 'spte-consumer-'));
  try {
    checkPackage(pkg, packages, folder);
    console.log(`${pkg.name}: installs alone, type-checks, and its README example runs`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${pkg.name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
