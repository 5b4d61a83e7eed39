// SPDX-License-Identifier: GPL-2.0-only
// `npm test`: every check of this repository, until one fails.
//
//   npm test                     all steps
//   npm test -- lint unit        the install, the steps named, and what they need
//
// Two steps run at a time; what one prints is shown when it ends. The last line is "N passed, N failed, N skipped",
// also where a step before the tests has failed.
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { environment, install, pnpm, requireNode, root, run, stopAll } from './pnpm.mjs';

/**
 * One that is `alone` shows what it prints at once; it uses every core itself.
 *
 * @typedef {{ name: string, why: string, after?: string, alone?: true, run: (onOutput: OnOutput) => Promise<number> }} Step
 * @typedef {(text: string) => void} OnOutput
 */

/**
 * Runs pnpm.
 *
 * @param {...string} words its arguments
 * @returns {(onOutput: OnOutput) => Promise<number>}
 */
const call =
  (...words) =>
  (onOutput) =>
    run([...pnpm(), '--silent', ...words], { group: true, onOutput });

/** @param {...string} words a script of package.json, with its arguments */
const script = (...words) => call('run', ...words);

/** The run's last line; only the tests can better it. */
let summary = '0 passed, 1 failed, 0 skipped';

// What is built is built once: a step that builds would write what another reads.
/** @type {readonly Step[]} */
const steps = [
  {
    name: 'install',
    why: 'what the lockfile says, nothing else',
    alone: true,
    run: () => install({ group: true }),
  },
  {
    name: 'build',
    why: 'what the packages ship, their tarballs, and the page',
    run: call('exec', 'turbo', 'run', 'build', 'pack:tarball'),
  },
  { name: 'typecheck', why: 'tsc on sources, tests and scripts', run: script('typecheck') },
  {
    // It would look at what a build is just replacing.
    name: 'lint',
    why: 'biome, type-aware oxlint, unused code and dependencies',
    after: 'build',
    run: script('lint'),
  },
  {
    name: 'consumer',
    why: 'the tarballs, each alone in an empty project',
    after: 'build',
    run: call('exec', 'node', 'scripts/consumer-check.mjs'),
  },
  {
    name: 'docs',
    why: 'the API reference without a warning',
    run: call('exec', 'typedoc', '--options', 'typedoc.check.mjs'),
  },
  {
    name: 'sizes',
    why: 'what an import costs in three bundlers',
    after: 'build',
    run: call('exec', 'node', 'scripts/size-check.mjs'),
  },
  { name: 'unit', why: 'every test, those of the libraries with coverage', alone: true, run: unit },
];

/** Projects whose tests are asked for no coverage, which would slow them by a third. */
const UNCOVERED = ['cli', 'e2e', 'playground', 'scripts'];
const COVERED = readdirSync(join(root, 'packages'));

/** @param {readonly string[]} names */
const projects = (names) => names.map((name) => `--project=${name}`);

/**
 * Runs all tests, those of the libraries with coverage, and sums their closing lines up, which close the whole run.
 *
 * @param {OnOutput} onOutput
 */
async function unit(onOutput) {
  let others = '';
  // The end of each run, of one file and of the report, is one core's.
  const [[code, counts], [otherCode, otherCounts]] = await Promise.all([
    vitest(onOutput, '--coverage', ...projects(COVERED)),
    vitest((text) => (others += text), ...projects(UNCOVERED)),
  ]);
  onOutput(others);
  if (counts && otherCounts) {
    const [passed = 0, failed = 0, skipped = 0] = counts.map((count, i) => count + (otherCounts[i] ?? 0));
    summary = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  }
  return code || otherCode;
}

/**
 * Runs tests and keeps their closing line back.
 *
 * @param {OnOutput} onOutput
 * @param {...string} words arguments of vitest
 * @returns {Promise<[code: number, counts: number[] | undefined]>}
 */
async function vitest(onOutput, ...words) {
  const closing = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;
  /** @type {number[] | undefined} */
  let counts;
  let rest = '';
  /** @param {string} line */
  const pass = (line) => {
    const [, ...found] = closing.exec(line) ?? [];
    if (found.length > 0) counts = found.map(Number);
    else onOutput(`${line}\n`);
  };
  const code = await script(
    'unit',
    ...words,
  )((text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(pass);
  });
  if (rest !== '') pass(rest);
  if (counts !== undefined) return [code, counts];
  onOutput('A test run did not reach its closing line.\n');
  return [code === 0 ? 1 : code, undefined];
}

const start = performance.now();
const seconds = (since = start) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The signal that ends the run early.
 *
 * @type {NodeJS.Signals | undefined}
 */
let stopped;

/** The steps that run now. @type {Set<Step>} */
const running = new Set();

/** @param {Step} step */
async function runStep(step) {
  running.add(step);
  console.log(`=== ${step.name}: ${step.why}`);
  const stepStart = performance.now();
  let printed = '';
  /** @type {OnOutput} */
  const onOutput = (text) => {
    if (step.alone) process.stdout.write(text);
    else printed += text;
  };
  let code = 1;
  try {
    code = await step.run(onOutput);
  } catch (error) {
    onOutput(`${String(error)}\n`);
  }
  running.delete(step);
  const ended = code === 0 ? 'done' : `FAILED with exit code ${code}`;
  const outcome = stopped === undefined ? ended : 'stopped';
  process.stdout.write(printed.trim() === '' ? '' : `\n--- ${step.name} printed:\n${printed.trimEnd()}\n\n`);
  console.log(`=== ${step.name}: ${outcome} in ${seconds(stepStart)}, ${seconds()} altogether`);
  if (code !== 0) process.exitCode ??= code;
}

/**
 * Runs steps two at a time, each after the one that it needs, until one fails or a signal comes.
 *
 * @param {readonly Step[]} chosen
 */
async function runAll(chosen) {
  const waiting = [...chosen];
  /** @type {Set<Promise<void>>} */
  const pending = new Set();
  while (waiting.length > 0 || pending.size > 0) {
    const unfinished = new Set([...waiting, ...running].map(({ name }) => name));
    const next = waiting.find(({ after }) => after === undefined || !unfinished.has(after));
    const alone = next?.alone ?? [...running].some((step) => step.alone);
    if (process.exitCode === undefined && next && running.size < (alone ? 1 : 2)) {
      waiting.splice(waiting.indexOf(next), 1);
      const promise = runStep(next).finally(() => pending.delete(promise));
      pending.add(promise);
    } else if (pending.size > 0) {
      await Promise.race(pending);
    } else {
      break;
    }
  }
}

requireNode();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; the steps are ${steps.map((step) => step.name).join(', ')}`);
  process.exit(2);
}

// The output goes through pipes, where the tools would drop their colours.
if (process.stdout.isTTY) environment['FORCE_COLOR'] ??= '1';

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    stopped ??= signal;
    process.exitCode = 128 + constants.signals[stopped];
    stopAll(stopped);
  });
}

const needed = new Set([
  'install',
  ...named,
  ...steps.flatMap((step) => (named.includes(step.name) ? (step.after ?? []) : [])),
]);
const chosen = steps.filter(({ name }) => named.length === 0 || needed.has(name));
const heartbeat = setInterval(() => {
  const silent = [...running].filter(({ alone }) => alone !== true).map(({ name }) => name);
  if (silent.length > 0) console.log(`    ${seconds()}: ${silent.join(', ')}`);
}, 20_000);
await runAll(chosen);
clearInterval(heartbeat);
console.log(`\n${stopped === undefined ? '' : `stopped by ${stopped} `}in ${seconds()} altogether`);
if (process.exitCode !== undefined || chosen.some(({ name }) => name === 'unit')) console.log(summary);
