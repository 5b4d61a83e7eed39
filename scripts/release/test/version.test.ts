// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { publishedManifest } from '../manifest.mjs';
import { allPackages, isLibrary, type Manifest, publishedPackages } from '../packages.mjs';
import { CORE_COPY, versionAll, versionOf } from '../version.mjs';
import { change, releasable, root } from './copy.ts';

const copy = releasable();
afterAll(() => rmSync(copy, { recursive: true }));

const read = (file: string): string => readFileSync(join(copy, file), 'utf8');

/** The next version after the one that the sources have, whatever that is. */
function raised(version: string, what: 'minor' | 'patch'): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return what === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

describe('the versions', () => {
  const start = versionOf(copy);

  it('rise together with a minor of core, and no package to 1.0.0', { timeout: 120_000 }, () => {
    change(copy, { '@spte/core': 'minor' }, 'Something breaks.\n\nHow to go on.');
    const version = versionAll(copy);
    expect(version).toBe(raised(start, 'minor'));
    expect(read(CORE_COPY)).toContain(`version: '${version}'`);
    const { manifest } = publishedPackages(copy).find(({ folder }) => folder === 'packages/l1tf') ?? {};
    expect(
      publishedManifest(manifest as NonNullable<typeof manifest>, join(root, 'packages/l1tf')),
    ).toMatchObject({
      peerDependencies: { '@spte/core': `^${version}` },
    });
  });

  it('are said in changelogs that read: the words of the changes, and where there is none, that', () => {
    const version = versionOf(copy);
    expect(read('packages/core/CHANGELOG.md')).toBe(
      `# @spte/core\n\n## ${version}\n\n### Minor Changes\n\n- Something breaks.\n\n  How to go on.\n`,
    );
    expect(read('packages/vendor-vmx/CHANGELOG.md')).toBe(
      `# @spte/vendor-vmx\n\n## ${version}\n\nNothing changed in this package.\n`,
    );
  });

  it('rise together with a patch of one package, within the range of the others', {
    timeout: 120_000,
  }, () => {
    const before = versionOf(copy);
    change(copy, { '@spte/l1tf': 'patch' }, 'Something is mended.');
    expect(versionAll(copy)).toBe(raised(before, 'patch'));
    expect(read('packages/core/CHANGELOG.md')).toContain(
      `## ${raised(before, 'patch')}\n\nNothing changed in this package.\n\n## ${before}\n\n### Minor Changes\n`,
    );
    expect(read('packages/l1tf/CHANGELOG.md')).not.toContain('Updated dependencies');
  });
});

describe('core', () => {
  const manifests = publishedPackages(root).map(({ manifest }) => manifest);
  const libraries = manifests.filter(isLibrary);
  const commands = manifests.filter((manifest) => !isLibrary(manifest));
  const names = (some: readonly Manifest[]): string[] => some.map(({ name }) => name);

  it("is its user's own in no library", () => {
    expect(names(libraries.filter(({ dependencies = {} }) => '@spte/core' in dependencies))).toEqual([]);
  });

  it('is shared by a library and its user; in the repository it is linked, and any below 1.0', () => {
    const sharing = libraries.filter(({ peerDependencies }) => peerDependencies !== undefined);
    expect(names(sharing)).toContain('@spte/vendor-vmx');
    for (const { peerDependencies, devDependencies } of sharing) {
      expect(peerDependencies).toHaveProperty('@spte/core');
      expect(new Set(Object.values(peerDependencies ?? {}))).toEqual(new Set(['workspace:<1.0.0']));
      expect(devDependencies).toMatchObject({ '@spte/core': 'workspace:^' });
    }
  });

  it('is of the command and of what is private themselves', () => {
    const unshared = [
      ...commands,
      ...allPackages(root)
        .map(({ manifest }) => manifest)
        .filter((manifest) => manifest.private === true),
    ];
    expect(names(unshared.filter(({ peerDependencies }) => peerDependencies !== undefined))).toEqual([]);
  });
});
