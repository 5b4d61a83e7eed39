// SPDX-License-Identifier: GPL-2.0-only
// Which test files must catch a change of a file, and in which order they are tried.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFile } from './messages.ts';

/** Test files that no mutant waits for, with the reason. What only they would see counts as survived. */
const LEFT_OUT: readonly (readonly [file: RegExp, why: string])[] = [
  [/^apps\/playground\/e2e\//, 'needs a Chromium, and a minute'],
  [/^apps\/cli\/test\/(?:sections|jobs)\.test\.ts$/, 'compare ways to the same output'],
  [/^packages\/batch\/test\/(?:equality|kernel)\.test\.ts$/, 'compare fast loops with slow ones'],
];

/** Test files that only mutants of their own package wait for: what they say of other packages is not new. */
const ONLY_AT_HOME: readonly RegExp[] = [
  /^packages\/trace\/test\/(?:columns|dat|fuzz|hostile|kernel|ndjson|sections)\.test\.ts$/,
  /^packages\/walk\/test\/(?:fuzz|hostile)\.test\.ts$/,
  /^packages\/batch\/test\//,
  /^packages\/conformance\/test\/corruption\.test\.ts$/,
  /^apps\/cli\/test\/parquet\.test\.ts$/,
];

const isChosen = ({ file }: TestFile): boolean => !LEFT_OUT.some(([pattern]) => pattern.test(file));

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The folder of the package that holds a file: `packages/core`. */
const packageOf = (file: string): string => file.split('/').slice(0, 2).join('/');

/** Each package, and all whose sources or tests import it. */
function dependents(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  const manifests = new Map<string, Manifest>();
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(root, group))) {
      const path = join(root, group, name, 'package.json');
      if (existsSync(path))
        manifests.set(`${group}/${name}`, JSON.parse(readFileSync(path, 'utf8')) as Manifest);
    }
  }
  const users = (folder: string, found = new Set<string>()): ReadonlySet<string> => {
    if (found.has(folder)) return found;
    found.add(folder);
    const name = manifests.get(folder)?.name ?? '';
    for (const [user, { dependencies = {}, devDependencies = {} }] of manifests) {
      if (name in dependencies || name in devDependencies) users(user, found);
    }
    return found;
  };
  return new Map([...manifests.keys()].map((folder) => [folder, users(folder)]));
}

/** Remembers how long test files take and what they caught. */
export class Chooser {
  readonly #dependents: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #tests: readonly TestFile[];
  readonly #milliseconds = new Map<string, number>();
  /** How many mutants of a package a test file has caught. */
  readonly #caught = new Map<string, number>();

  constructor(root: string, tests: readonly TestFile[]) {
    this.#dependents = dependents(root);
    this.#tests = tests.filter(isChosen);
  }

  get tests(): readonly TestFile[] {
    return this.#tests;
  }

  took({ file }: TestFile, milliseconds: number): void {
    this.#milliseconds.set(file, milliseconds);
  }

  caught(mutated: string, { file }: TestFile): void {
    const key = `${packageOf(mutated)} ${file}`;
    this.#caught.set(key, (this.#caught.get(key) ?? 0) + 1);
  }

  /**
   * For a change of `mutated`: tests of its package and of those that use it, those that caught most in least time
   * first. What belongs to no package, such as documents, tests all.
   */
  testsOf(mutated: string): readonly TestFile[] {
    const home = packageOf(mutated);
    const users = this.#dependents.get(home);
    const rank = ({ file }: TestFile): number => {
      const caught = this.#caught.get(`${home} ${file}`) ?? 0;
      const farness = packageOf(file) === home ? 1 : 3;
      return (farness * (this.#milliseconds.get(file) ?? 0)) / (1 + 4 * caught);
    };
    const mustSee = ({ file }: TestFile): boolean => {
      const tested = packageOf(file);
      if (tested === home || !this.#dependents.has(tested)) return true;
      return users?.has(tested) === true && !ONLY_AT_HOME.some((pattern) => pattern.test(file));
    };
    return this.#tests.filter(mustSee).toSorted((a, b) => rank(a) - rank(b));
  }
}
