// SPDX-License-Identifier: GPL-2.0-only
// What one entry costs when core looks at it: `pnpm bench:entry [CHECKOUT]`.
//
// With another checkout of this repository, installed, that one's core is measured in turn with this one's. Each round
// takes entries that no round before has seen, so that nothing remembered by value helps.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { median, nanoseconds, spread, table, takeTurns } from './stats.ts';

/** A program that measures, as the bundle of one checkout exports it. */
interface Work {
  readonly jobs: Readonly<Record<string, (seed: bigint) => void>>;
  /** Entries that each job works on. */
  readonly count: number;
}

const ROUNDS = 31;

async function workOf(checkout: string, name: string): Promise<Work> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const outDir = `${here}dist/entry-${name}`;
  await build({
    entry: [`${here}entry-jobs.ts`],
    outDir,
    format: 'esm',
    target: 'es2023',
    noExternal: [/^@spte\//],
    esbuildOptions: (options) => {
      options.conditions = ['@spte/source'];
    },
    // The programs of this folder name the sources of this checkout.
    esbuildPlugins: [
      {
        name: 'checkout',
        setup(building) {
          building.onResolve({ filter: /^\.\.\/packages\// }, ({ path }) => ({
            path: `${checkout}/${path.slice(3)}`,
          }));
        },
      },
    ],
    silent: true,
    config: false,
  });
  return (await import(pathToFileURL(`${outDir}/entry-jobs.js`).href)) as Work;
}

const [before] = process.argv.slice(2);
const now = await workOf(fileURLToPath(new URL('..', import.meta.url)), 'now');
const checkouts: [string, Work][] = [['now', now]];
if (before !== undefined) checkouts.push(['before', await workOf(before, 'before')]);

let seed = 0n;
const contenders = Object.keys(now.jobs).flatMap((job) =>
  checkouts.map(([name, { jobs, count }]): [string, () => number] => [
    `${job} ${name}`,
    () => nanoseconds(() => jobs[job]?.(seed++)) / count,
  ]),
);
const samples = takeTurns(Object.fromEntries(contenders), ROUNDS);
const rows = Object.keys(now.jobs).map((job) => {
  const of = (name: string): readonly number[] => samples[`${job} ${name}`] ?? [];
  const ns = (name: string): string => `${median(of(name)).toFixed(0)} (${spread(of(name))})`;
  if (before === undefined) return [job, ns('now')];
  return [job, ns('before'), ns('now'), (median(of('now')) / median(of('before'))).toFixed(2)];
});
const head = before === undefined ? ['ns per entry', 'now'] : ['ns per entry', 'before', 'now', 'ratio'];
console.log(table(head, rows));
