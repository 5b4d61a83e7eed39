// SPDX-License-Identifier: GPL-2.0-only
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishedPackages } from '../packages.mjs';
import { isBelow } from '../publish.mjs';
import { refusals } from '../refusals.mjs';
import { change, releasable } from './copy.ts';

const copy = releasable();
const project = join(copy, 'scripts/release/project.json');
const manifests = publishedPackages(copy).map(({ folder }) => join(copy, folder, 'package.json'));

const git = (...words: string[]): void => {
  const { status, stderr } = spawnSync('git', words, { cwd: copy, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};
const commit = (): void => {
  git('add', '-A');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '-qm', 'all');
};
const version = (to: string): void => {
  for (const file of manifests) {
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": ".*"/, `"version": "${to}"`));
    writeFileSync(join(file, '..', 'CHANGELOG.md'), `## ${to}\n`);
  }
};

beforeAll(() => {
  writeFileSync(
    project,
    JSON.stringify({ repository: 'https://git.example.invalid/spte', author: 'The authors' }),
  );
  version('0.3.0');
  git('init', '-q');
  commit();
});
afterAll(() => rmSync(copy, { recursive: true }));

describe('a release', () => {
  it('is not refused of a tree that is versioned and committed, with the address of the repository', () => {
    expect(refusals(copy)).toEqual([]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'the placeholder stands',
      () =>
        writeFileSync(project, JSON.stringify({ repository: 'PLACEHOLDER: where', author: 'The authors' })),
      /^scripts\/release\/project\.json has a placeholder/,
    ],
    [
      'changesets are pending',
      () => change(copy, { '@spte/core': 'patch' }, 'More.'),
      /^1 changesets are pending/,
    ],
    ['nothing has a version', () => version('0.0.0'), /^the packages have no version yet/],
    [
      'a changelog is missing',
      () => rmSync(join(manifests[0] ?? '', '..', 'CHANGELOG.md')),
      /has no CHANGELOG\.md$/,
    ],
  ])('is refused while %s', (_why, spoil, reason) => {
    spoil();
    const dirty = /^there are changes that are not committed:\n/;
    const found = refusals(copy);
    expect(found).toHaveLength(2);
    expect(found).toContainEqual(expect.stringMatching(reason));
    expect(found).toContainEqual(expect.stringMatching(dirty));
    commit();
    expect(refusals(copy)).toEqual([expect.stringMatching(reason)]);
    git('revert', '--no-commit', 'HEAD');
    git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '-qm', 'back');
  });

  it('is refused where versions differ', () => {
    const [file = ''] = manifests;
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('0.3.0', '0.2.0'));
    expect(() => refusals(copy)).toThrow('the packages must have one version, and have');
    writeFileSync(file, text);
  });
});

describe('a version', () => {
  it.each([
    ['0.3.0', '0.3.1'],
    ['0.9.9', '0.10.0'],
    ['0.99.99', '1.0.0'],
  ])('%s is below %s, and not the other way round', (low, high) => {
    expect(isBelow(low, high)).toBe(true);
    expect(isBelow(high, low)).toBe(false);
    expect(isBelow(low, low)).toBe(false);
  });
});
