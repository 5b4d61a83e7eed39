// SPDX-License-Identifier: GPL-2.0-only
// `npm test`: every check of this repository in order, up to the first that fails.
//
//   npm test                     all steps
//   npm test -- lint unit        the install and the steps named
//
// The last line is "N passed, N failed, N skipped", also where a step before the tests has failed.
import { environment, install, pnpm, requireNode, run } from './pnpm.mjs';

/** @typedef {{ name: string, why: string, run: () => Promise<number> }} Step */

/** @param {...string} words a script of package.json, with its arguments */
const script = (...words) => run([...pnpm(), '--silent', 'run', ...words]);

/** The run's last line; only the tests can better it. */
let summary = '0 passed, 1 failed, 0 skipped';

/** @type {Step[]} */
const steps = [
  { name: 'install', why: 'what the lockfile says, nothing else', run: install },
  { name: 'typecheck', why: 'tsc on sources, tests and scripts', run: () => script('typecheck') },
  { name: 'lint', why: 'biome, type-aware oxlint, unused code and dependencies', run: () => script('lint') },
  { name: 'build', why: 'what the packages ship, and the page', run: () => script('build') },
  { name: 'lint:pkg', why: 'publint and attw on the packed tarballs', run: () => script('lint:pkg') },
  { name: 'consumer', why: 'each tarball alone in an empty project', run: () => script('consumer') },
  { name: 'sizes', why: 'what an import costs in three bundlers', run: () => script('sizes') },
  { name: 'docs', why: 'the API reference without a warning', run: () => script('docs') },
  { name: 'unit', why: 'every test, with coverage', run: unit },
];

/** Runs the tests and keeps their closing line back, so that it can close the whole run. */
async function unit() {
  const closing = /^\d+ passed, \d+ failed, \d+ skipped$/;
  /** @type {string | undefined} */
  let last;
  let rest = '';
  /** @param {string} line */
  const pass = (line) => {
    if (closing.test(line)) last = line;
    else console.log(line);
  };
  // The output goes through a pipe, where vitest would drop its colours.
  if (process.stdout.isTTY) environment['FORCE_COLOR'] ??= '1';
  const code = await run([...pnpm(), '--silent', 'run', 'unit', '--coverage'], {
    onStdout(chunk) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(pass);
    },
  });
  if (rest !== '') pass(rest);
  if (last === undefined) {
    console.error('The test run did not reach its closing line.');
    return code === 0 ? 1 : code;
  }
  summary = last;
  return code;
}

/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

requireNode();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; the steps are ${steps.map((step) => step.name).join(', ')}`);
  process.exit(2);
}

const chosen = steps.filter(({ name }) => named.length === 0 || name === 'install' || named.includes(name));
const start = performance.now();
for (const step of chosen) {
  console.log(`\n=== ${step.name}: ${step.why}`);
  const stepStart = performance.now();
  try {
    process.exitCode = await step.run();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  const outcome = process.exitCode === 0 ? 'done' : `FAILED with exit code ${process.exitCode}`;
  console.log(`=== ${step.name}: ${outcome} in ${seconds(stepStart)}`);
  if (process.exitCode !== 0) break;
}
console.log(`\nin ${seconds(start)} altogether`);
if (process.exitCode !== 0 || chosen.some(({ name }) => name === 'unit')) console.log(summary);
