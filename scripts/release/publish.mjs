// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { publishedPackages } from './packages.mjs';

/**
 * Runs npm in a folder.
 *
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} words
 */
const npm = (cwd, env, words) =>
  spawnSync('npm', words, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });

/**
 * Publishes the tarballs that were checked, and no others: those of which the registry does not have the version yet.
 *
 * A version below the one that is `latest` is refused: publishing it would move `latest` back.
 *
 * @param {string} root
 * @param {{ provenance?: boolean, say?: (line: string) => void, env?: NodeJS.ProcessEnv }} [options] `provenance` where a workflow can prove who
 *   it is
 */
export function publishAll(root, { provenance = false, say = console.log, env = process.env } = {}) {
  const packages = publishedPackages(root);
  // All are looked at before the first goes out.
  const due = packages.filter(({ manifest: { name, version } }) => {
    const known = versionsOf(root, env, name);
    if (known.versions.includes(version)) return false;
    if (known.latest !== null && isBelow(version, known.latest)) {
      throw new Error(`${name} ${version} is below ${known.latest}, the latest: it would move latest back`);
    }
    return true;
  });
  for (const { folder, manifest } of due) {
    const tarball = join(root, folder, '.pack', 'package.tgz');
    const words = ['publish', tarball, '--access', 'public', ...(provenance ? ['--provenance'] : [])];
    const { status, stderr } = npm(root, env, words);
    if (status !== 0) throw new Error(`${manifest.name}: npm publish failed:\n${stderr}`);
    say(`published ${manifest.name}@${manifest.version}`);
  }
  if (due.length === 0) say('nothing to publish: the registry has every version');
}

/**
 * What a registry has of a package.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @returns {{ versions: string[], latest: string | null }}
 */
function versionsOf(root, env, name) {
  const { status, stdout, stderr } = npm(root, env, ['view', name, 'versions', 'dist-tags.latest', '--json']);
  if (status !== 0) {
    if (stderr.includes('E404') || stdout.includes('E404')) return { versions: [], latest: null };
    throw new Error(`${name}: the registry does not answer:\n${stderr}`);
  }
  const { versions, 'dist-tags.latest': latest } =
    /** @type {{ versions: string | string[], 'dist-tags.latest': string }} */ (JSON.parse(stdout));
  return { versions: [versions].flat(), latest };
}

/**
 * @param {string} a a release, such as `0.3.1`
 * @param {string} b
 */
export function isBelow(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const i = left?.findIndex((number, at) => number !== right?.[at]) ?? -1;
  return i >= 0 && Number(left?.[i]) < Number(right?.[i]);
}
