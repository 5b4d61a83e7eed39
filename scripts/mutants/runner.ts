// SPDX-License-Identifier: GPL-2.0-only
// A process that keeps one vitest for a copy of the tree and runs test files in it as it is told to. It may be
// killed at any time: a mutant that loops takes it along.
import { join, relative } from 'node:path';
import { createVitest, type TestModule, type TestSpecification, type Vitest } from 'vitest/node';
import type { Failure, Job, Message, TestFile } from './messages.ts';

const [root = ''] = process.argv.slice(2);
// Nothing is written that a test only compares with.
process.env['CI'] = '1';
// A sample is enough.
delete process.env['SPTE_LONG'];
process.chdir(root);
process.on('disconnect', () => process.exit());

/** Longer than the parent waits. */
const MAX_MILLISECONDS = 3_600_000;

const say = (message: Message): void => void process.send?.(message);

const vitest: Vitest = await createVitest(
  'test',
  { root, watch: false, bail: 1, maxWorkers: 1, coverage: { enabled: false }, reporters: [{}] },
  { logLevel: 'silent' },
);
for (const { config } of vitest.projects) {
  // The parent gives up on a test that does not end; a busy machine is no reason to call a mutant caught.
  config.testTimeout = MAX_MILLISECONDS;
  // No file is run with what another has loaded before a change.
  config.isolate = true;
}
await vitest.standalone();

const fileOf = ({ project, moduleId }: TestSpecification): TestFile => ({
  project: project.name,
  file: relative(root, moduleId).replaceAll('\\', '/'),
});
const keyOf = ({ project, file }: TestFile): string => `${project} ${file}`;

const specifications = new Map(
  (await vitest.globTestSpecifications()).map((specification) => [
    keyOf(fileOf(specification)),
    specification,
  ]),
);

/** The first test that failed in a file, or what failed instead of one. */
function failedTest(module: TestModule): Pick<Failure, 'test' | 'why'> | null {
  for (const test of module.children.allTests('failed')) {
    return { test: test.fullName, why: test.result().errors?.[0]?.message ?? '' };
  }
  const [error] = module.errors();
  if (error !== undefined) return { test: 'the file does not load', why: error.message };
  return module.ok() ? null : { test: 'the file failed', why: '' };
}

async function runFile(test: TestFile): Promise<Failure | null> {
  const specification = specifications.get(keyOf(test));
  if (specification === undefined) throw new Error(`no test file ${keyOf(test)}`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  // What is known of other files, from jobs before, is listed too.
  const module = testModules.find(
    (one) => one.moduleId === specification.moduleId && one.project.name === test.project,
  );
  const failed = module === undefined ? { test: 'the file was not run', why: '' } : failedTest(module);
  if (failed !== null) return { ...test, ...failed };
  if (unhandledErrors.length === 0) return null;
  return { ...test, test: 'an unhandled error', why: String(unhandledErrors[0]) };
}

async function runTests(tests: readonly TestFile[]): Promise<void> {
  let failure: Failure | null = null;
  for (const test of tests) {
    say({ type: 'begun', test });
    failure = await runFile(test);
    if (failure !== null) break;
  }
  say({ type: 'done', failure });
}

process.on('message', ({ changed, tests }: Job) => {
  for (const file of changed) vitest.invalidateFile(join(root, file));
  void runTests(tests);
});

say({ type: 'ready', tests: [...specifications.values()].map(fileOf) });
