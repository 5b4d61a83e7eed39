// SPDX-License-Identifier: GPL-2.0-only
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import ts from 'typescript';

/** Files, by their path from the root of the repository, and the files that each imports: also for types alone. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** Which file a package is imported as, by its name: `@spte/trace/dat`. */
export type Entries = ReadonlyMap<string, string>;

/** Reads who imports whom. Imports of what is not among the files are left out. */
export function importsOf(texts: ReadonlyMap<string, string>, entries: Entries): Imports {
  const targets = (file: string, text: string): string[] =>
    ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) =>
        fileName.startsWith('.') ? join(dirname(file), fileName) : (entries.get(fileName) ?? ''),
      )
      .filter((target) => texts.has(target));
  return new Map([...texts].map(([file, text]) => [file, targets(file, text)]));
}

/** A circle of imports, from a file back to itself; null where there is none. */
export function circleIn(imports: Imports): readonly string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  const from = (file: string): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      const circle = from(target);
      if (circle !== null) return circle;
    }
    path.pop();
    done.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const circle = from(file);
    if (circle !== null) return circle;
  }
  return null;
}

/** Folders of one folder, and the layer of each. A file may import what is in a lower layer, and in its own folder. */
export interface Layers {
  /** The folder that they are in: `packages/core/src/`; empty for the whole repository. */
  readonly within: string;
  readonly layers: ReadonlyMap<string, number>;
}

/**
 * Reads layers from a map of folders. Below the line of a folder, which ends in a slash, each of its folders has one:
 * `  2  kernel  releases and layouts`.
 */
export function layersIn(map: string): Layers[] {
  const all: { within: string; layers: Map<string, number> }[] = [];
  for (const line of map.split('\n')) {
    const [, within] = /^(\S*\/)(?: |$)/.exec(line) ?? [];
    const [, layer, folder] = /^ +(\d+) +(\S+)/.exec(line) ?? [];
    if (within !== undefined) all.push({ within: within === './' ? '' : within, layers: new Map() });
    if (folder !== undefined) all.at(-1)?.layers.set(folder, Number(layer));
  }
  return all;
}

/** What imports do not fit the layers: those that lead up or sideways, and files in folders that have no layer. */
export function misfits(imports: Imports, { within, layers }: Layers): string[] {
  /** The folder that a file is in; empty for one beside the folders, such as an index, which may import all of them. */
  const folderOf = (file: string): string => {
    const rest = file.slice(within.length);
    if (!rest.includes('/')) return '';
    return [...layers.keys()].find((folder) => rest.startsWith(`${folder}/`)) ?? dirname(rest);
  };
  const layerOf = (folder: string): number =>
    folder === '' ? Number.POSITIVE_INFINITY : (layers.get(folder) ?? -1);
  const isWithin = (file: string): boolean => file.startsWith(within);
  return [...imports]
    .filter(([file]) => isWithin(file))
    .flatMap(([file, targets]) => {
      const folder = folderOf(file);
      if (layerOf(folder) < 0) return [`${file} is in no layer`];
      return targets
        .filter((target) => isWithin(target) && folderOf(target) !== folder)
        .filter((target) => layerOf(folderOf(target)) >= layerOf(folder))
        .map((target) => `${file} -> ${target}`);
    });
}

/** The sources of all packages and apps, and how packages are imported by their names. */
export function repository(root: string): {
  readonly texts: ReadonlyMap<string, string>;
  readonly entries: Entries;
} {
  const texts = new Map<string, string>();
  const entries = new Map<string, string>();
  const packages = ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => `${kind}/${name}`),
  );
  for (const folder of packages) {
    const { name, exports = {} } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    ) as Manifest;
    for (const [path, target] of Object.entries(exports)) {
      const source = typeof target === 'string' ? target : target['@spte/source'];
      entries.set(name + path.slice(1), `${folder}/${source.slice('./'.length)}`);
    }
    for (const file of readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/src/${file}`;
      if (/\.(?:tsx?|mjs)$/.test(path)) texts.set(path, readFileSync(join(root, path), 'utf8'));
    }
  }
  return { texts, entries };
}

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string | { readonly '@spte/source': string }>>;
}
