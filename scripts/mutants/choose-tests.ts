// SPDX-License-Identifier: GPL-2.0-only
// Which test files must catch a change of a file, and in which order they are tried.
import type { TestFile } from './messages.ts';

/** Files that begin so, or that are called so. */
type Prefixes = readonly string[];

const testsIn = (name: string, ...files: string[]): Prefixes =>
  files.map((file) => `packages/${name}/test/${file}.test.ts`);

/** Every command, word for word. */
const TRANSCRIPTS = 'apps/cli/test/transcripts.test.ts';

/** What rules give, and what they say: in small, in words, and as KVM's own C gave it. */
const RULES: Prefixes = [
  ...testsIn('core', 'words', 'explain-spte', 'explain-change', 'registry', 'kernels'),
  ...testsIn('conformance', 'words', 'snippets', 'reasons', 'planted-faults', 'real-values', 'vectors'),
  ...testsIn('conformance', 'real-runs', 'contexts'),
  ...testsIn('core', 'properties'),
];

/**
 * By the beginning of the path of what is changed, the tests that must notice, the quickest first. Those of the package
 * itself come first; a test that compares fast ways with slow ones is left out, for it sees what the others see, later.
 */
const GUARDS: Readonly<Record<string, Prefixes>> = {
  'packages/core/': ['packages/core/test/', TRANSCRIPTS, ...RULES],
  'packages/l1tf/': ['packages/l1tf/', TRANSCRIPTS, ...RULES],
  'packages/mmio/': ['packages/mmio/', TRANSCRIPTS, ...RULES],
  'packages/vendor-svm/': ['packages/vendor-svm/', TRANSCRIPTS, ...RULES],
  'packages/vendor-vmx/': ['packages/vendor-vmx/', TRANSCRIPTS, ...RULES],
  'packages/host/': ['packages/host/test/', 'apps/cli/test/host.test.ts', TRANSCRIPTS],
  'packages/trace/': [
    ...['limits', 'headers', 'forms', 'snippets', 'checks', 'remember', 'real', 'dat'].map(
      (name) => `packages/trace/test/${name}.test.ts`,
    ),
    TRANSCRIPTS,
    'apps/cli/test/annotate.test.ts',
    'packages/trace/test/',
  ],
  'packages/walk/': ['packages/walk/test/', TRANSCRIPTS, 'apps/cli/test/walk.test.ts'],
  'packages/batch/': ['packages/batch/test/engine.test.ts', 'packages/batch/test/room.test.ts'],
  'apps/cli/src/': [
    TRANSCRIPTS,
    ...['make-compare', 'host', 'trace-dat', 'decode', 'walk', 'annotate', 'vectors'].map(
      (name) => `apps/cli/test/${name}.test.ts`,
    ),
    'apps/cli/test/',
  ],
};

/** Caught more: tried earlier. */
export class Chooser {
  readonly #tests: readonly TestFile[];
  /** How many changes below a guarded folder a test file has caught. */
  readonly #caught = new Map<string, number>();

  constructor(tests: readonly TestFile[]) {
    this.#tests = tests;
  }

  /**
   * The test files for a change of `mutated`.
   *
   * @throws RangeError when nothing guards the file, or a guard is no test file any more
   */
  testsOf(mutated: string): readonly TestFile[] {
    const [folder, guards] = guardsOf(mutated);
    const chosen = guards.flatMap((prefix) => {
      const found = this.#tests.filter(({ file }) => file.startsWith(prefix));
      if (found.length === 0) throw new RangeError(`choose-tests.ts: no test file ${prefix}`);
      return found;
    });
    const caught = ({ file }: TestFile): number => this.#caught.get(`${folder} ${file}`) ?? 0;
    return [...new Set(chosen)].toSorted((a, b) => caught(b) - caught(a));
  }

  caught(mutated: string, { file }: TestFile): void {
    const key = `${guardsOf(mutated)[0]} ${file}`;
    this.#caught.set(key, (this.#caught.get(key) ?? 0) + 1);
  }
}

function guardsOf(mutated: string): readonly [folder: string, guards: Prefixes] {
  const found = Object.entries(GUARDS).find(([folder]) => mutated.startsWith(folder));
  if (found === undefined) throw new RangeError(`choose-tests.ts: nothing guards ${mutated}`);
  return found;
}
