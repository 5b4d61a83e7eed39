// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isPlaceholder, readProject } from './manifest.mjs';
import { publishedPackages } from './packages.mjs';
import { versionOf } from './version.mjs';

/**
 * Why a tree must not be released; nothing where it may be.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function refusals(root) {
  const found = [];
  if (isPlaceholder(readProject(root))) {
    found.push('scripts/release/project.json has a placeholder where the address of the repository must be');
  }
  const { status, stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) found.push('this is no git repository, so that nobody can say what would be released');
  else if (stdout !== '') found.push(`there are changes that are not committed:\n${stdout.trimEnd()}`);
  const pending = readdirSync(join(root, '.changeset')).filter((name) => /^(?!README).*\.md$/.test(name));
  if (pending.length > 0) {
    found.push(
      `${pending.length} changesets are pending: \`pnpm release:version\`, read the changelogs, commit`,
    );
  }
  if (versionOf(root) === '0.0.0') found.push('the packages have no version yet: `pnpm release:version`');
  for (const { folder } of publishedPackages(root)) {
    if (!existsSync(join(root, folder, 'CHANGELOG.md'))) found.push(`${folder} has no CHANGELOG.md`);
  }
  return found;
}
