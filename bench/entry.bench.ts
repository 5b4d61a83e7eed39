// SPDX-License-Identifier: GPL-2.0-only
// What one entry costs when core looks at it: `pnpm bench:entry [CHECKOUT [ROUNDS]]`.
//
// With another checkout of this repository, installed, that one's core is measured in turn with this one's. Each round
// takes entries that no round before has seen, so that nothing remembered by value helps. CPU time counts, of which a
// loaded machine takes little more; what is least is what the work costs without the collector of garbage.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { cpuNanoseconds, least, median, table, takeTurns } from './stats.ts';

/** A program that measures, as the bundle of one checkout exports it. */
interface Work {
  readonly jobs: Readonly<Record<string, (seed: bigint) => void>>;
  /** Entries that each job works on. */
  readonly count: number;
}

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

const [before, rounds = '101'] = process.argv.slice(2);
const now = await workOf(fileURLToPath(new URL('..', import.meta.url)), 'now');
const checkouts: [string, Work][] = [['now', now]];
if (before !== undefined) checkouts.push(['before', await workOf(before, 'before')]);

let seed = 0n;
const contenders = Object.keys(now.jobs).flatMap((job) =>
  checkouts.map(([name, { jobs, count }]): [string, () => number] => [
    `${job} ${name}`,
    () => cpuNanoseconds(() => jobs[job]?.(seed++)) / count,
  ]),
);
const samples = takeTurns(Object.fromEntries(contenders), Number(rounds));
const rows = Object.keys(now.jobs).map((job) => {
  const of = (name: string): readonly number[] => samples[`${job} ${name}`] ?? [];
  const ns = (name: string): string => `${median(of(name)).toFixed(0)} (${least(of(name)).toFixed(0)})`;
  if (before === undefined) return [job, ns('now')];
  const ratio = (figure: (values: readonly number[]) => number): string =>
    (figure(of('now')) / figure(of('before'))).toFixed(2);
  return [job, ns('before'), ns('now'), `${ratio(median)} (${ratio(least)})`];
});
const columns = before === undefined ? ['now'] : ['before', 'now', 'ratio'];
const head = ['ns of CPU per entry, median (least)', ...columns];
console.log(table(head, rows));
