// SPDX-License-Identifier: GPL-2.0-only
// `pnpm mutants`: plants changes in copies of the tree, one at a time, and runs the tests that must notice them.
//
//   pnpm mutants                        what was planted once and not caught, and 100 that are drawn
//   pnpm mutants --seed 7 --count 300   others, the same ones for the same seed
//   pnpm mutants --count 0              only the planted ones
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Chooser } from './choose-tests.ts';
import { draw } from './draw.ts';
import { checkEquivalents, type Equivalent, equivalentsOf } from './equivalent.ts';
import { groupBy } from './group-by.ts';
import type { Failure, TestFile } from './messages.ts';
import { type Edit, editText, type Mutation } from './mutation.ts';
import { editOf, planted } from './planted.ts';
import { Runner } from './run-tests.ts';
import { mutationsByArea } from './sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The share of the drawn mutants that must be caught. */
const MIN_CAUGHT = 0.95;

/** Of a few drawn ones as many may survive all the same: two of 24 say little of the others. */
const MAX_LOST_OF_FEW = 2;

/** What ends a run, and the exit code that says so. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** One change, and what it is called in the table. */
interface Mutant {
  readonly label: string;
  readonly edit: Edit;
  readonly planted: boolean;
}

interface Result {
  readonly mutant: Mutant;
  readonly failure: Failure | null;
  readonly seconds: number;
}

const USAGE = `pnpm mutants [options]

  --seed N     draw others, the same ones for the same seed and sources (1)
  --count N    draw as many; those that are planted always run (100)
  --only TEXT  run those whose line holds the text
  --jobs N     run as many at once, each in a copy of the tree (the processors, at most 4)

Exits with 1 when a planted change survives, or more than 5 of 100 drawn ones (2 of less than 40).`;

function whole(text: string, option: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`--${option} must be a whole number, not ${text}`);
  return Number(text);
}

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const known = sources.get(file) ?? readFileSync(join(root, file), 'utf8');
  sources.set(file, known);
  return known;
}

/** The planted changes. One that no longer applies is an error that says so. */
function plantedMutants(): Mutant[] {
  return planted.map((plan) => {
    const edit = editOf(root, plan);
    return { label: `${plan.what}: ${editText(sourceOf(edit.file), edit)}`, edit, planted: true };
  });
}

/** As many as asked for that are not listed as equivalent. */
function drawnMutants(
  seed: number,
  count: number,
): { readonly mutants: Mutant[]; readonly equivalent: number } {
  const areas = mutationsByArea(root);
  const listed = (edit: Mutation): readonly Equivalent[] => equivalentsOf(sourceOf(edit.file), edit);
  checkEquivalents(new Set([...areas.values()].flat().flatMap(listed)));
  const mutants: Mutant[] = [];
  let equivalent = 0;
  for (const edit of draw([...areas.values()], seed)) {
    if (mutants.length === count) break;
    if (listed(edit).length > 0) equivalent++;
    else {
      const label = `${edit.kind} ${editText(sourceOf(edit.file), edit)}`;
      mutants.push({ label, edit, planted: false });
    }
  }
  return { mutants, equivalent };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** Hands tasks to all runners, each as it becomes free. */
async function each<T>(
  runners: readonly Runner[],
  tasks: Iterable<T>,
  work: (runner: Runner, task: T) => Promise<void>,
): Promise<void> {
  const queue = tasks[Symbol.iterator]();
  await Promise.all(
    runners.map(async (runner) => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) await work(runner, next.value);
    }),
  );
}

/** Test files that pass as they are: one that fails of itself would seem to catch everything. */
class Trust {
  readonly #trusted = new Set<string>();

  /** @throws Error when the test file fails without a change */
  async check(runner: Runner, test: TestFile): Promise<void> {
    if (this.#trusted.has(test.file)) return;
    const failure = await runner.run(null, [test]);
    if (failure !== null) throw new Error(`fails without a change: ${where(failure)}: ${failure.why}`);
    this.#trusted.add(test.file);
  }
}

const where = ({ file, test }: Failure): string => `${file}: ${test}`;

async function runMutants(
  runners: readonly Runner[],
  chooser: Chooser,
  mutants: readonly Mutant[],
): Promise<Result[]> {
  const results: Result[] = [];
  const trust = new Trust();
  await each(runners, mutants, async (runner, mutant) => {
    const start = performance.now();
    const { file } = mutant.edit;
    const tests = chooser.testsOf(file);
    const failure = await runner.run(mutant.edit, tests);
    if (failure !== null) await trust.check(runner, failure);
    chooser.learn(file, tests, failure);
    const result = { mutant, failure, seconds: seconds(start) };
    results.push(result);
    print(result);
    progress(`${results.length} of ${mutants.length}, ${survivors(results).length} survived`);
  });
  return results;
}

const survivors = (results: readonly Result[]): Result[] => results.filter(({ failure }) => failure === null);

/** The last line of a terminal, written over again. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

function print({ mutant, failure, seconds }: Result): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  const verdict = failure === null ? 'SURVIVED' : `caught by ${where(failure)}`;
  console.log(`${mutant.label}\n  ${verdict}  (${seconds.toFixed(1)} s)`);
}

/** How many of each kind were caught. */
function printTable(results: readonly Result[], equivalent: number): void {
  const kinds = groupBy(results, ({ mutant }) => (mutant.planted ? 'planted' : mutant.label.split(' ')[0]));
  console.log('\nkind         caught  survived');
  for (const [kind, some] of kinds) {
    const lost = survivors(some).length;
    console.log(
      `${String(kind).padEnd(11)}${String(some.length - lost).padStart(8)}${String(lost).padStart(10)}`,
    );
  }
  console.log(`equivalent, and not run: ${equivalent}`);
}

/** Every planted one, and nearly all of the others. */
function isEnough(results: readonly Result[]): boolean {
  const [planted, drawn] = [true, false].map((which) =>
    results.filter(({ mutant }) => mutant.planted === which),
  );
  const lost = survivors(drawn ?? []).length;
  const most = Math.max(MAX_LOST_OF_FEW, (drawn ?? []).length * (1 - MIN_CAUGHT));
  return survivors(planted ?? []).length === 0 && lost <= most;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '100' },
      jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const start = performance.now();
  const seed = whole(values.seed, 'seed');
  const drawn = drawnMutants(seed, whole(values.count, 'count'));
  const mutants = [...plantedMutants(), ...drawn.mutants].filter(({ label }) => label.includes(values.only));
  if (mutants.length === 0) throw new RangeError(`no mutant's line holds ${JSON.stringify(values.only)}`);
  console.log(`seed ${seed}: ${mutants.length} mutants`);

  const runners = Array.from({ length: whole(values.jobs, 'jobs') }, () => new Runner(root));
  const close = (): void => {
    for (const runner of runners) runner.close();
  };
  for (const [signal, code] of SIGNALS) {
    process.once(signal, () => {
      close();
      // eslint-disable-next-line unicorn/no-process-exit -- what runs is to stop here
      process.exit(code);
    });
  }
  try {
    const tests = await Promise.all(runners.map((runner) => runner.start()));
    const chooser = new Chooser(tests[0] ?? []);
    const results = await runMutants(runners, chooser, mutants);
    printTable(results, drawn.equivalent);
    const lost = survivors(results);
    for (const { mutant } of lost) console.log(`survived: ${mutant.label}`);
    console.log(
      `\n${results.length - lost.length} of ${results.length} caught in ${seconds(start).toFixed(0)} s`,
    );
    return isEnough(results) ? 0 : 1;
  } finally {
    close();
  }
}

process.exitCode = await main();
