// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { circleIn, importsOf, type Layers, layersIn, misfits, repository } from './layers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The map at the beginning of docs/architecture.md. */
const MAP = /```text\n(\.\/.*?)```/s.exec(readFileSync(`${ROOT}docs/architecture.md`, 'utf8'))?.[1] ?? '';

describe('the sources', () => {
  const { texts, entries } = repository(ROOT);
  const imports = importsOf(texts, entries);
  const maps = layersIn(MAP);

  it('import each other without a circle, types included', () => {
    expect(circleIn(imports)).toBeNull();
  });

  it('have a map of the packages, and of the folders of core, trace, vmcore, walk, the command and the page', () => {
    expect(maps.map(({ within }) => within)).toEqual([
      '',
      'packages/core/src/',
      'packages/trace/src/',
      'packages/vmcore/src/',
      'packages/walk/src/',
      'apps/cli/src/',
      'apps/playground/src/',
    ]);
  });

  it.each(maps)('import only what is below them in the map of $within', (map) => {
    expect(misfits(imports, map)).toEqual([]);
  });

  it.each(maps)('are in each folder of the map of $within', ({ within, layers }) => {
    const files = [...texts.keys()];
    const empty = [...layers.keys()].filter(
      (folder) => !files.some((file) => file.startsWith(`${within}${folder}/`)),
    );
    expect(empty).toEqual([]);
  });

  it('import each other across packages and folders', () => {
    expect(imports.get('apps/cli/src/walk/job.ts')).toContain('packages/walk/src/index.ts');
    expect(imports.get('packages/walk/src/index.ts')).toContain('packages/walk/src/walk/walk.ts');
    expect(imports.size).toBeGreaterThan(250);
  });
});

/** Files below a folder of the repository, without what is installed or built. */
function filesBelow(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return ['node_modules', 'dist', 'coverage'].includes(entry.name) ? [] : filesBelow(path);
  });
}

describe('the documents', () => {
  const files = ['apps', 'bench', 'packages', 'scripts'].flatMap(filesBelow);
  const atTheTop = readdirSync(ROOT);
  const texts = filesBelow('docs')
    .concat(['README.md', 'CONTRIBUTING.md'], files)
    .filter((file) => file.endsWith('.md'));

  it.each(texts.map((file) => [file]))('name sources that exist: %s', (file) => {
    const named = readFileSync(ROOT + file, 'utf8').matchAll(/`([\w./-]+\.(?:ts|tsx|mjs))`/g);
    const gone = [...named]
      .map(([, path = '']) => `/${path}`)
      .filter((path) => ![...files, ...atTheTop].some((known) => `/${known}`.endsWith(path)));
    expect(gone).toEqual([]);
  });
});

const entries = new Map([['@spte/low', 'low/src/index.ts']]);

const graph = (texts: Readonly<Record<string, string>>): ReturnType<typeof importsOf> =>
  importsOf(new Map(Object.entries(texts)), entries);

describe('an import', () => {
  it.each([
    ["import { x } from './b.ts';"],
    ["import type { X } from './b.ts';"],
    ["import './b.ts';"],
    ["export { x } from './b.ts';"],
    ["export * from './b.ts';"],
    ["const { x } = await import('./b.ts');"],
    ["const x: import('./b.ts').X = 1;"],
    ["import { y } from '@spte/low';\nimport {\n  type X,\n} from './b.ts';"],
  ])('is seen in %j', (text) => {
    expect(graph({ 'a/a.ts': text, 'a/b.ts': '' }).get('a/a.ts')).toEqual(['a/b.ts']);
  });

  it('is not seen in comments and texts', () => {
    expect(
      graph({ 'a/a.ts': "// import './b.ts'\nf(\"import './b.ts'\");", 'a/b.ts': '' }).get('a/a.ts'),
    ).toEqual([]);
  });

  it('is followed into another package by its name', () => {
    const texts = { 'high/src/a.ts': "import type { X } from '@spte/low';", 'low/src/index.ts': '' };
    expect(graph(texts).get('high/src/a.ts')).toEqual(['low/src/index.ts']);
  });
});

describe('a circle', () => {
  it('is found through types alone, of any length, and not where there is none', () => {
    const [a, b] = ["import { b } from './b.ts';", "import { c } from './c.ts';"];
    expect(circleIn(graph({ 'a.ts': a, 'b.ts': b, 'c.ts': '' }))).toBeNull();
    expect(circleIn(graph({ 'a.ts': a, 'b.ts': b, 'c.ts': "import type { A } from './a.ts';" }))).toEqual([
      'a.ts',
      'b.ts',
      'c.ts',
      'a.ts',
    ]);
    expect(circleIn(graph({ 'a.ts': "import './a.ts';" }))).toEqual(['a.ts', 'a.ts']);
  });

  it('is none where two ways lead to one file', () => {
    const texts = {
      'a.ts': "import './b.ts'; import './c.ts';",
      'b.ts': "import './d.ts';",
      'c.ts': "import './d.ts';",
    };
    expect(circleIn(graph({ ...texts, 'd.ts': '' }))).toBeNull();
  });
});

describe('an arrow', () => {
  const [layers] = layersIn('src/   a package\n  0  bits  words\n  1  masks\n  1  cpu  the CPU\n') as [
    Layers,
  ];
  const arrow = (from: string, to: string): string[] =>
    misfits(
      new Map([
        [from, [to]],
        [to, []],
      ]),
      layers,
    );

  it.each([
    ['src/masks/a.ts', 'src/bits/b.ts'],
    ['src/bits/a.ts', 'src/bits/b.ts'],
    ['src/index.ts', 'src/masks/b.ts'],
    ['src/index.ts', 'src/node.ts'],
    ['src/bits/a.ts', 'elsewhere/b.ts'],
  ])('from %s to %s leads down, or out', (from, to) => {
    expect(arrow(from, to)).toEqual([]);
  });

  it.each([
    ['src/bits/a.ts', 'src/masks/b.ts'],
    ['src/masks/a.ts', 'src/cpu/b.ts'],
    ['src/bits/a.ts', 'src/index.ts'],
  ])('from %s to %s is refused', (from, to) => {
    expect(arrow(from, to)).toEqual([`${from} -> ${to}`]);
  });

  it('leads nowhere from a folder without a layer', () => {
    expect(arrow('src/new/a.ts', 'src/bits/b.ts')).toEqual(['src/new/a.ts is in no layer']);
  });

  it('is refused into a folder without a layer', () => {
    expect(arrow('src/bits/a.ts', 'src/new/b.ts')).toEqual(['src/new/b.ts is in no layer']);
  });

  it('joins packages as it does folders', () => {
    const [packages] = layersIn('./\n  0  packages/core  rules\n  1  apps/cli  the command\n') as [Layers];
    expect(
      misfits(
        graph({ 'packages/core/src/a.ts': "import '../../../apps/cli/src/b.ts';", 'apps/cli/src/b.ts': '' }),
        packages,
      ),
    ).toEqual(['packages/core/src/a.ts -> apps/cli/src/b.ts']);
  });
});
