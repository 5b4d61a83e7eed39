// SPDX-License-Identifier: GPL-2.0-only
// Which test files must catch a change of a file, and in which order they are tried.
import type { Outcome, TestFile } from './messages.ts';

/** Files that begin so, or that are called so. */
type Prefixes = readonly string[];

const conformance = (...names: string[]): Prefixes =>
  names.map((name) => `packages/conformance/test/${name}.test.ts`);

/** Every command, word for word. */
const TRANSCRIPTS = 'apps/cli/test/transcripts.test.ts';

/** What rules give, and what they say: in small, in words, and as KVM's own C gave it. */
const RULES: Prefixes = conformance(
  'words',
  'snippets',
  'explain',
  'changes',
  'registry',
  'kernel-table',
  'kernels',
  'reasons',
  'planted-faults',
  'real-values',
  'vectors',
  'real-runs',
  'contexts',
  'properties',
);

/**
 * By the beginning of the path of what is changed, the tests that must notice, the quickest first. Those of the package
 * itself come first; a test that compares fast ways with slow ones is left out, for it sees what the others see, later.
 */
const GUARDS: Readonly<Record<string, Prefixes>> = {
  'packages/core/': [TRANSCRIPTS, 'packages/core/test/', ...RULES],
  'packages/l1tf/': [TRANSCRIPTS, 'packages/l1tf/', ...RULES],
  'packages/mmio/': [TRANSCRIPTS, 'packages/mmio/', ...RULES],
  'packages/vendor-svm/': [TRANSCRIPTS, 'packages/vendor-svm/', ...RULES],
  'packages/vendor-vmx/': [TRANSCRIPTS, 'packages/vendor-vmx/', ...RULES],
  'packages/host/': [TRANSCRIPTS, 'packages/host/test/', 'apps/cli/test/host.test.ts'],
  'packages/trace/': [
    TRANSCRIPTS,
    ...['limits', 'headers', 'forms', 'snippets', 'checks', 'remember', 'real', 'dat'].map(
      (name) => `packages/trace/test/${name}.test.ts`,
    ),
    'apps/cli/test/annotate.test.ts',
    'packages/trace/test/',
  ],
  'packages/walk/': [TRANSCRIPTS, 'packages/walk/test/', 'apps/cli/test/walk.test.ts'],
  'packages/batch/': ['packages/batch/test/engine.test.ts', 'packages/batch/test/room.test.ts'],
  'apps/cli/src/': [
    TRANSCRIPTS,
    ...['make-compare', 'host', 'trace-dat', 'decode', 'walk', 'annotate', 'vectors'].map(
      (name) => `apps/cli/test/${name}.test.ts`,
    ),
    'apps/cli/test/',
  ],
};

/** What a test file has done about changes below a guarded folder. */
interface Merit {
  caught: number;
  milliseconds: number;
}

/** Most caught for its time: tried first. */
export class Chooser {
  readonly #tests: readonly TestFile[];
  readonly #merits = new Map<string, Merit>();

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
    const worth = (test: TestFile): number => worthOf(this.#meritOf(folder, test));
    return [...new Set(chosen)].toSorted((a, b) => worth(b) - worth(a));
  }

  /** Learns from a job: `tests` as they were run, the last of which caught the change unless it survived. */
  learn(mutated: string, tests: readonly TestFile[], { failure, milliseconds }: Outcome): void {
    const [folder] = guardsOf(mutated);
    for (const [index, time] of milliseconds.entries()) {
      const test = tests[index];
      if (test === undefined) break;
      const merit = this.#meritOf(folder, test);
      merit.milliseconds += time;
      if (failure?.file === test.file) merit.caught++;
    }
  }

  #meritOf(folder: string, { file }: TestFile): Merit {
    const key = `${folder} ${file}`;
    // As if it had caught half of two before, in a second each: one that is new keeps its place in the list.
    const merit = this.#merits.get(key) ?? { caught: 0.5, milliseconds: 2000 };
    this.#merits.set(key, merit);
    return merit;
  }
}

/** Changes caught, by the time that it took. */
const worthOf = ({ caught, milliseconds }: Merit): number => caught / milliseconds;

function guardsOf(mutated: string): readonly [folder: string, guards: Prefixes] {
  const found = Object.entries(GUARDS).find(([folder]) => mutated.startsWith(folder));
  if (found === undefined) throw new RangeError(`choose-tests.ts: nothing guards ${mutated}`);
  return found;
}
