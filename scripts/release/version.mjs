// SPDX-License-Identifier: GPL-2.0-only
// Turns the changesets into versions and changelogs: `pnpm release:version`.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from './packages.mjs';

/** Where core says which version it is. */
export const CORE_COPY = 'packages/core/src/mmu/core-copy.ts';

/**
 * Versions all packages of a repository.
 *
 * @param {string} root
 * @returns {string} the version that all have then
 */
export function versionAll(root) {
  const before = versionOf(root);
  const changesets = createRequire(import.meta.url).resolve('@changesets/cli/bin.js');
  const { status, stderr } = spawnSync(process.execPath, [changesets, 'version'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`changeset version failed:\n${stderr}`);
  const version = versionOf(root);
  if (version === before) return version;
  const source = join(root, CORE_COPY);
  const text = readFileSync(source, 'utf8');
  const signed = text.replace(`version: '${before}'`, `version: '${version}'`);
  if (signed === text) throw new Error(`${CORE_COPY} does not say version: '${before}'`);
  writeFileSync(source, signed);
  for (const { folder } of publishedPackages(root))
    sayWhereNothingChanged(join(root, folder, 'CHANGELOG.md'), version);
  return version;
}

/**
 * The one version of all published packages.
 *
 * @param {string} root
 */
export function versionOf(root) {
  const versions = new Set(publishedPackages(root).map(({ manifest }) => manifest.version));
  const [version] = versions;
  if (version === undefined || versions.size > 1) {
    throw new Error(`the packages must have one version, and have ${[...versions].join(', ')}`);
  }
  return version;
}

/**
 * A package of which nothing changed is released with the others; its changelog must not end in a bare number.
 *
 * @param {string} file
 * @param {string} version
 */
function sayWhereNothingChanged(file, version) {
  const text = readFileSync(file, 'utf8');
  const bare = new RegExp(`(^## ${version.replaceAll('.', '\\.')}\n)\\s*(?=^## |$(?![\\s\\S]))`, 'm');
  writeFileSync(file, `${text.replace(bare, '$1\nNothing changed in this package.\n\n').trimEnd()}\n`);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(`all packages: ${versionAll(fileURLToPath(new URL('../..', import.meta.url)))}`);
}
