// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packages as documented } from '../../../typedoc.config.mjs';
import { isPlaceholder, publishedManifest, readProject } from '../manifest.mjs';
import { isLibrary, publishedPackages } from '../packages.mjs';
import { root } from './copy.ts';

const packages = publishedPackages(root);
const byFolder = packages.map(({ folder, manifest }) => [folder, manifest] as const);

/** Pages of others that documents may name. Where this project is, none of them says. */
const ELSEWHERE = ['https://parquet.apache.org', 'https://www.gnu.org/licenses/'];

/** Documents of a package that are packed. */
function documentsOf(folder: string): string[] {
  const docs = join(root, folder, 'docs');
  const more = existsSync(docs) ? readdirSync(docs).map((name) => `docs/${name}`) : [];
  return ['README.md', ...more.filter((name) => name.endsWith('.md'))];
}

/** What a heading is called in a link, by the rules of the registry's page and of most others. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Why a reader of a package's document comes nowhere by a link; null where it leads on. */
function dead(folder: string, files: readonly string[], document: string, link: string): string | null {
  if (/^https?:/.test(link)) return ELSEWHERE.some((page) => link.startsWith(page)) ? null : 'elsewhere';
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : normalize(join(dirname(document), path));
  const packed =
    target === 'README.md' || files.some((file) => target === file || target.startsWith(`${file}/`));
  if (!packed || !existsSync(join(root, folder, target))) return 'not in the tarball';
  if (anchor === undefined) return null;
  return anchorsOf(readFileSync(join(root, folder, target), 'utf8')).includes(anchor)
    ? null
    : 'no such heading';
}

describe.each(byFolder)('the tarball of %s', (folder, manifest) => {
  const files = manifest.files ?? [];

  it('has documents of which each link leads into the tarball', () => {
    const links = documentsOf(folder).flatMap((document) => {
      const text = readFileSync(join(root, folder, document), 'utf8').replaceAll(/^```.*?^```/gms, '');
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => [document, link] as const);
    });
    const broken = links.map(
      ([document, link]) => [document, link, dead(folder, files, document, link)] as const,
    );
    expect(broken.filter(([, , why]) => why !== null)).toEqual([]);
  });

  it('says what it is, by whom and under which licence, and not where from as long as nobody has said that', () => {
    const packed = publishedManifest(manifest, join(root, folder)) as Record<string, unknown>;
    expect(packed).toMatchObject({
      author: 'The @spte authors',
      license: 'GPL-2.0-only',
      publishConfig: { access: 'public' },
    });
    expect(manifest.description?.length).toBeGreaterThan(20);
    expect(new Set(manifest.keywords).size).toBeGreaterThan(5);
    expect(packed).not.toHaveProperty('devDependencies');
    expect('repository' in packed).toBe(!isPlaceholder(readProject(root)));
    for (const field of ['repository', 'homepage', 'bugs', 'author'])
      expect(manifest).not.toHaveProperty(field);
  });

  it('holds nothing else than what it says', () => {
    expect(files).toEqual(expect.arrayContaining(['dist', 'README.md', 'CHANGELOG.md']));
    const own = files.filter((file) => !['dist', 'CHANGELOG.md'].includes(file));
    expect(own.filter((file) => !existsSync(join(root, folder, file)))).toEqual([]);
    expect(existsSync(join(root, folder, 'docs'))).toBe(files.includes('docs'));
  });
});

describe('the address of the repository', () => {
  const manifest = { name: '@spte/a', version: '0.3.0' };
  const known = { repository: 'https://git.example.invalid/spte', author: 'The authors' };

  it('is all that is needed for the metadata of a package', () => {
    expect(publishedManifest(manifest, join(root, 'packages/a'), known)).toMatchObject({
      repository: { type: 'git', url: 'git+https://git.example.invalid/spte.git', directory: 'packages/a' },
      homepage: 'https://git.example.invalid/spte/tree/main/packages/a#readme',
      bugs: 'https://git.example.invalid/spte/issues',
    });
  });

  it('is a placeholder until somebody says it', () => {
    expect(isPlaceholder({ ...known, repository: 'PLACEHOLDER: where' })).toBe(true);
    expect(isPlaceholder(known)).toBe(false);
  });
});

/** Licences whose terms GPL-2.0-only may take in. */
const ACCEPTED = [
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'GPL-2.0-only',
  'GPL-2.0-or-later',
  'ISC',
  'LGPL-2.1-only',
  'LGPL-2.1-or-later',
  'MIT',
  'Unlicense',
];

interface Installed {
  readonly name: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A dependency as it is installed, seen from the package that needs it, and all that it needs. */
function installedFor(folder: string, name: string, found: Map<string, Installed>): void {
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (!existsSync(candidate)) {
      if (at === dirname(at)) throw new Error(`${name} is not installed for ${folder}`);
      continue;
    }
    const manifest = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8')) as Installed;
    if (found.has(name)) return;
    found.set(name, manifest);
    for (const need of Object.keys(manifest.dependencies ?? {})) installedFor(candidate, need, found);
    return;
  }
}

it('is in the API reference, where it is a library', () => {
  const libraries = packages.filter(({ manifest }) => isLibrary(manifest)).map(({ folder }) => folder);
  expect(documented.toSorted()).toEqual(libraries);
});

describe('what is installed with a package', () => {
  const found = new Map<string, Installed>();
  for (const { folder, manifest } of packages) {
    for (const name of Object.keys(manifest.dependencies ?? {}))
      installedFor(join(root, folder), name, found);
  }
  const installed = [...found.values()];

  it.each(installed.map(({ name, license }) => [name, license]))(
    'has a licence that goes with the GPL: %s',
    (_name, license) => {
      expect(ACCEPTED).toContain(license);
    },
  );

  it('is looked at with all that it needs', () => {
    expect(installed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['commander', 'hyparquet', '@spte/vmcore']),
    );
    expect(statSync(join(root, 'LICENSE')).size).toBeGreaterThan(10_000);
  });

  it('is, in a library, of this repository alone', () => {
    const libraries = packages.filter(({ manifest }) => isLibrary(manifest));
    const foreign = libraries.flatMap(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).filter((name) => !name.startsWith('@spte/')),
    );
    expect(foreign).toEqual([]);
  });
});
