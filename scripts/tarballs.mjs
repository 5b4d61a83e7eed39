// SPDX-License-Identifier: GPL-2.0-only
// The tarballs of the published packages, as a stranger installs them: into folders outside the repository, without a
// registry. They must have been packed: {packages,apps}/*/.pack/package.tgz.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './pnpm.mjs';
import { isLibrary } from './release/packages.mjs';

/** The type checker. */
export const TSC = join(root, 'node_modules', 'typescript-7', 'bin', 'tsc');

/**
 * @typedef {{
 *   name: string;
 *   private?: boolean;
 *   bin?: object;
 *   exports?: Record<string, string | Record<string, string>>;
 *   dependencies?: Record<string, string>;
 *   peerDependencies?: Record<string, string>;
 * }} Manifest
 */
/** @typedef {{ name: string, folder: string, command: boolean, needs: string[] }} Package */

/** The manifest of an empty project. */
export const PROJECT = JSON.stringify({ name: 'consumer', private: true, type: 'module' });

/** @param {string} folder */
export function packageIn(folder) {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const { name, dependencies, peerDependencies } = manifest;
  /** @type {Package} */
  const found = {
    name,
    folder,
    command: !isLibrary(manifest),
    needs: Object.keys({ ...dependencies, ...peerDependencies }),
  };
  return { found, published: manifest.private !== true };
}

/** @returns {Package[]} */
function publishedPackages() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((entry) => {
      const folder = join(root, group, entry);
      if (!existsSync(join(folder, 'package.json'))) return [];
      const { found, published } = packageIn(folder);
      return published ? [found] : [];
    }),
  );
}

/** By name. */
export const packages = new Map(publishedPackages().map((pkg) => [pkg.name, pkg]));

/**
 * A library as the lockfile's install has it.
 *
 * @param {Package} user who needs it
 * @param {string} name
 */
function installed(user, name) {
  for (let folder = realpathSync(user.folder); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return packageIn(realpathSync(candidate)).found;
    if (folder === dirname(folder)) throw new Error(`${user.name} needs ${name}, which is not installed`);
  }
}

/**
 * Some packages and everything they need, by name: packages of this repository, and what is installed of others.
 *
 * @param {readonly Package[]} wanted
 */
function closure(wanted) {
  /** @type {Map<string, Package>} */
  const found = new Map();
  /** @param {Package} pkg */
  const visit = (pkg) => {
    if (found.has(pkg.name)) return;
    found.set(pkg.name, pkg);
    for (const need of pkg.needs) visit(packages.get(need) ?? installed(pkg, need));
  };
  wanted.forEach(visit);
  return found;
}

/**
 * @param {string} cwd
 * @param {string} file
 * @param {string[]} words
 */
export function must(cwd, file, ...words) {
  const result = spawnSync(file, words, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${[file, ...words].join(' ')} failed:\n${result.stdout}${result.stderr}`.trim());
  return result.stdout;
}

/**
 * The tarball of a package: packed before for one of ours, now for another's.
 *
 * @param {Package} pkg
 * @param {string} folder where to
 */
function tarball(pkg, folder) {
  if (packages.has(pkg.name)) return join(pkg.folder, '.pack', 'package.tgz');
  // It prints the name of the file.
  return join(folder, must(folder, 'npm', 'pack', '--ignore-scripts', '--silent', pkg.folder).trim());
}

/**
 * Installs some packages and all that they need.
 *
 * @param {readonly Package[]} wanted
 * @param {string} folder an empty one, or one with a manifest
 */
export function install(wanted, folder) {
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), PROJECT);
  const others = join(folder, 'tarballs');
  mkdirSync(others);
  const tarballs = [...closure(wanted).values()].map((need) => tarball(need, others));
  must(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs);
}

/**
 * Does something in an empty folder, which is gone afterwards.
 *
 * @param {(folder: string) => void} work
 */
export function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'spte-consumer-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
