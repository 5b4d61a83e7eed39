// SPDX-License-Identifier: GPL-2.0-only
// How much of each package its own tests cover, without those of others:
//
//   pnpm coverage:home [NAME...]
//
// `npm test` wants 100 % of the libraries' tests together, which says nothing about where they are. The floors here only
// rise: a package that covers more is told to raise its own.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pnpm, root, run } from './pnpm.mjs';

/** Whole percents of lines and branches. @type {Record<string, { lines: number, branches: number }>} */
const FLOORS = {
  batch: { lines: 100, branches: 100 },
  cli: { lines: 98, branches: 93 },
  conformance: { lines: 100, branches: 100 },
  core: { lines: 100, branches: 100 },
  errata: { lines: 100, branches: 100 },
  host: { lines: 100, branches: 100 },
  kvm: { lines: 100, branches: 100 },
  l1tf: { lines: 100, branches: 100 },
  mmio: { lines: 100, branches: 100 },
  playground: { lines: 99, branches: 90 },
  'plugin-kit': { lines: 100, branches: 100 },
  story: { lines: 100, branches: 100 },
  trace: { lines: 100, branches: 100 },
  vectors: { lines: 100, branches: 100 },
  'vendor-svm': { lines: 100, branches: 100 },
  'vendor-vmx': { lines: 100, branches: 100 },
  vmcore: { lines: 100, branches: 100 },
  walk: { lines: 100, branches: 100 },
  wasm: { lines: 100, branches: 100 },
};

/** @typedef {{ total: Record<'lines' | 'branches', { pct: number }> }} Summary */

/**
 * Runs the tests of a package and compares what they cover with its floor.
 *
 * @param {string} name
 * @param {{ lines: number, branches: number }} floor
 */
async function check(name, floor) {
  const group = existsSync(join(root, 'packages', name)) ? 'packages' : 'apps';
  const reports = mkdtempSync(join(tmpdir(), 'spte-coverage-'));
  let output = '';
  const words = [
    `--project=${name}`,
    '--coverage',
    `--coverage.include=${group}/${name}/src/**/*.{ts,tsx}`,
    '--coverage.exclude=**/*.test.{ts,tsx}',
    '--coverage.exclude=**/generated/**',
    '--coverage.reporter=json-summary',
    `--coverage.reportsDirectory=${reports}`,
    '--coverage.thresholds.lines=0',
    '--coverage.thresholds.branches=0',
  ];
  const code = await run([...pnpm(), '--silent', 'run', 'unit', ...words], {
    onOutput: (text) => (output += text),
  });
  const report = join(reports, 'coverage-summary.json');
  if (code !== 0 || !existsSync(report)) {
    console.error(`${output}\n${name}: its tests fail`);
    return false;
  }
  const { total } = /** @type {Summary} */ (JSON.parse(readFileSync(report, 'utf8')));
  rmSync(reports, { recursive: true });
  let good = true;
  for (const what of /** @type {const} */ (['lines', 'branches'])) {
    const { pct } = total[what];
    const advice = Math.floor(pct) > floor[what] ? `: raise its floor, ${floor[what]}` : '';
    console.log(`${name}: ${pct} % of ${what}${advice}`);
    if (pct >= floor[what]) continue;
    good = false;
    console.error(`${name}: less than its floor, ${floor[what]} %`);
  }
  return good;
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in FLOORS));
if (unknown.length > 0) {
  console.error(`no package ${unknown.join(', ')}; there are ${Object.keys(FLOORS).join(', ')}`);
  process.exit(2);
}
for (const [name, floor] of Object.entries(FLOORS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  if (!(await check(name, floor))) process.exitCode = 1;
}
