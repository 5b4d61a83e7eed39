// SPDX-License-Identifier: GPL-2.0-only
// What a manifest says in its tarball beyond what it says in the repository.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Where the project is. Nothing else names an address.
 *
 * @typedef {{ repository: string, author: string }} Project
 */

/**
 * @param {string} from the root of a repository
 * @returns {Project}
 */
export const readProject = (from) =>
  /** @type {Project} */ (JSON.parse(readFileSync(join(from, 'scripts/release/project.json'), 'utf8')));

/** Whether nobody has said yet where the repository is. */
export const isPlaceholder = (/** @type {Project} */ { repository }) => repository.startsWith('PLACEHOLDER');

/**
 * Fields of package.json that say where a package comes from; the author alone while nobody has said where that is.
 *
 * @param {string} directory of the package in the repository
 * @param {Project} project
 */
function metadata(directory, { repository, author }) {
  if (isPlaceholder({ repository, author })) return { author };
  return {
    author,
    homepage: `${repository}/tree/main/${directory}#readme`,
    bugs: `${repository}/issues`,
    repository: { type: 'git', url: `git+${repository}.git`, directory },
  };
}

/**
 * The manifest that is packed: with the metadata, without what only the repository needs, and with the packages that it
 * shares with its user in its own version.
 *
 * In the repository a peer is any below 1.0, because changesets takes a minor that leaves the range of a peer for a
 * break, and would raise everything to 1.0.0.
 *
 * @template {{ version: string, peerDependencies?: Record<string, string> }} Manifest
 * @param {Manifest} manifest
 * @param {string} folder of the package
 * @param {Project} [project]
 */
export function publishedManifest(manifest, folder, project = readProject(root)) {
  const {
    devDependencies: _,
    scripts: _scripts,
    ...kept
  } = /** @type {Manifest & Record<string, unknown>} */ (manifest);
  /** @type {Record<string, string>} */
  const peers = {};
  for (const [name, range] of Object.entries(manifest.peerDependencies ?? {})) {
    peers[name] = name.startsWith('@spte/') ? `^${manifest.version}` : range;
  }
  return {
    ...kept,
    ...(manifest.peerDependencies && { peerDependencies: peers }),
    ...metadata(relative(root, folder), project),
  };
}
