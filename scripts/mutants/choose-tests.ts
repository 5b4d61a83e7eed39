// SPDX-License-Identifier: GPL-2.0-only
// Which test files must catch a change of a file, and in which order they are tried.
import type { Failure, TestFile } from './messages.ts';

/** Files that begin so, or that are called so. */
type Prefixes = readonly string[];

const testsIn = (name: string, ...files: string[]): Prefixes =>
  files.map((file) => `packages/${name}/test/${file}.test.ts`);

/** Every command, word for word. */
const TRANSCRIPTS = 'apps/cli/test/transcripts.test.ts';

/** What rules give, and what they say: in words, as KVM's own C gave it, and in small. */
const RULES: Prefixes = [
  TRANSCRIPTS,
  ...testsIn('conformance', 'kernel-table', 'words'),
  ...testsIn('vectors', 'vectors'),
  ...testsIn('core', 'words', 'explain-spte', 'explain-change', 'registry', 'kernels'),
  ...testsIn('conformance', 'snippets', 'reasons', 'planted-faults', 'real-values', 'real-runs', 'contexts'),
  ...testsIn('core', 'properties'),
];

/**
 * By the beginning of the path of what is changed, the tests that must notice, the likeliest first. A test that
 * compares fast ways with slow ones is left out, for it sees what the others see, later.
 */
const GUARDS: Readonly<Record<string, Prefixes>> = {
  'packages/core/': [...RULES, 'packages/core/test/'],
  'packages/l1tf/': [...RULES, 'packages/l1tf/'],
  'packages/mmio/': [...RULES, 'packages/mmio/'],
  'packages/vendor-svm/': [...RULES, 'packages/vendor-svm/'],
  'packages/vendor-vmx/': [...RULES, 'packages/vendor-vmx/'],
  'packages/errata/': [
    ...testsIn('errata', 'words', 'kernel-range', 'matrix', 'match', 'splat'),
    'packages/errata/test/',
  ],
  'packages/host/': [TRANSCRIPTS, 'packages/host/test/', 'apps/cli/test/host.test.ts'],
  'packages/trace/': [
    TRANSCRIPTS,
    ...testsIn('trace', 'limits', 'headers', 'forms', 'snippets', 'checks', 'remember', 'real', 'dat'),
    'apps/cli/test/annotate.test.ts',
    'packages/trace/test/',
  ],
  'packages/plugin-kit/': ['packages/plugin-kit/test/'],
  'packages/kvm/': ['packages/kvm/test/'],
  'packages/vmcore/': [TRANSCRIPTS, 'packages/vmcore/test/', 'packages/walk/test/'],
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
  tried: number;
}

/** One that is new is worth trying before those that catch less than one of four. */
const NEW: Merit = { caught: 1, tried: 4 };

const shareOf = ({ caught, tried }: Merit): number => caught / tried;

/** Caught more: tried earlier. */
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
    const share = (test: TestFile): number => shareOf(this.#meritOf(folder, test));
    return [...new Set(chosen)].toSorted((a, b) => share(b) - share(a));
  }

  /** Learns from tests that were run up to the first that failed. */
  learn(mutated: string, tests: readonly TestFile[], failure: Failure | null): void {
    const [folder] = guardsOf(mutated);
    for (const test of tests) {
      const merit = this.#meritOf(folder, test);
      merit.tried++;
      if (test.file !== failure?.file) continue;
      merit.caught++;
      break;
    }
  }

  #meritOf(folder: string, { file }: TestFile): Merit {
    const key = `${folder} ${file}`;
    const merit = this.#merits.get(key) ?? { ...NEW };
    this.#merits.set(key, merit);
    return merit;
  }
}

function guardsOf(mutated: string): readonly [folder: string, guards: Prefixes] {
  const found = Object.entries(GUARDS).find(([folder]) => mutated.startsWith(folder));
  if (found === undefined) throw new RangeError(`choose-tests.ts: nothing guards ${mutated}`);
  return found;
}
