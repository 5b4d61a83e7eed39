// SPDX-License-Identifier: GPL-2.0-only
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pnpm, root } from '../pnpm.mjs';
import { allPackages, publishedPackages } from '../release/packages.mjs';
import { publishAll } from '../release/publish.mjs';
import { CORE_COPY, versionAll, versionOf } from '../release/version.mjs';
import { must } from './registry.mjs';

/** @param {string} from @param {string} to @param {string} file */
function copy(from, to, file) {
  if (!existsSync(join(from, file))) return;
  mkdirSync(dirname(join(to, file)), { recursive: true });
  cpSync(join(from, file), join(to, file), { recursive: true });
}

/**
 * The repository as far as a release needs it, built, with its pending changesets and an address of no one's.
 *
 * @param {string} to an empty folder
 */
export function trialTree(to) {
  const top = [
    'package.json',
    'pnpm-workspace.yaml',
    'pnpm-lock.yaml',
    '.changeset',
    'LICENSE',
    'scripts/release',
    CORE_COPY,
  ];
  for (const file of top) copy(root, to, file);
  for (const { folder, manifest } of allPackages(root)) {
    copy(root, to, `${folder}/package.json`);
    if (manifest.private === true) continue;
    if (!existsSync(join(root, folder, 'dist'))) throw new Error(`${folder} is not built: pnpm build`);
    for (const file of ['README.md', 'CHANGELOG.md', ...(manifest.files ?? [])])
      copy(root, to, `${folder}/${file}`);
  }
  writeFileSync(
    join(to, 'scripts/release/project.json'),
    JSON.stringify({ repository: 'https://git.example.invalid/spte', author: 'The @spte authors' }),
  );
}

/**
 * Versions what is pending, packs and publishes.
 *
 * @param {string} tree
 * @param {NodeJS.ProcessEnv} env of the registry
 * @param {{ type: string, summary: string }} [change] of core, beside what is pending
 */
export function release(tree, env, change) {
  if (change) {
    writeFileSync(
      join(tree, '.changeset/a-change.md'),
      `---\n'@spte/core': ${change.type}\n---\n\n${change.summary}\n`,
    );
  }
  const before = versionOf(tree);
  const version = versionAll(tree);
  // What is built says the version, too.
  const built = join(tree, 'packages/core/dist/mmu/core-copy.js');
  const text = readFileSync(built, 'utf8');
  writeFileSync(built, text.replace(`version: '${before}'`, `version: '${version}'`));
  if (readFileSync(built, 'utf8') === text) throw new Error(`${built} does not say version: '${before}'`);
  for (const { folder } of publishedPackages(tree)) {
    rmSync(join(tree, folder, '.pack'), { recursive: true, force: true });
    const hook = '--config.pnpmfile=../../scripts/release/pnpmfile.mjs';
    must(join(tree, folder), [...pnpm(), 'pack', '--out', '.pack/package.tgz', hook]);
  }
  /** @type {string[]} */
  const said = [];
  publishAll(tree, { env, say: (line) => said.push(line) });
  return { version, said };
}

/**
 * Every copy of our packages in an installation: `node_modules/@spte/core` is 0.3.0.
 *
 * @param {string} folder
 * @returns {Map<string, string>}
 */
export function installed(folder) {
  const lock = /** @type {{ packages: Record<string, { version: string }> }} */ (
    JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  );
  return new Map(
    Object.entries(lock.packages)
      .filter(([path]) => /node_modules\/(?:@spte\/|create-spte-)/.test(path))
      .map(([path, { version }]) => [path, version]),
  );
}
