// SPDX-License-Identifier: GPL-2.0-only
// `pnpm exhaustive`: compares what the engine of @spte/batch says of all 2^24 attribute patterns with core's functions,
// for machines whose rules look at different bits and a kernel of each layout.
//
//   pnpm exhaustive                          all of them, one on each core: hours
//   pnpm exhaustive 'NPT@7.3' 'NPT@5.4'      some of them
//   pnpm exhaustive --stride 97              one pattern of 97, for a look
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { random } from '@spte/testing/random';
import { Tinypool } from 'tinypool';
import { compile } from '../packages/batch/src/index.ts';
import { KERNELS, machine, machines } from '../packages/batch/test/machines.ts';
import { ROWS, rowDifferences } from '../packages/batch/test/patterns.ts';
import type { Difference } from '../packages/batch/test/scalar.ts';

interface Task {
  readonly which: string;
  readonly stride: number;
}

/** What was found, in how long. */
interface Outcome {
  readonly differences: readonly Difference[];
  readonly seconds: number;
}

const ALL = KERNELS.flatMap((kernel) => Object.keys(machines).map((name) => `${name}@${kernel}`));

/** Compares one machine under one kernel, up to the first row that differs. */
export default function compare({ which, stride }: Task): Outcome {
  const start = performance.now();
  const [name = '', kernel = ''] = which.split('@');
  const engine = compile(machine(name, kernel));
  const next = random(3).u64;
  let differences: readonly Difference[] = [];
  for (let row = 0; row < ROWS && differences.length === 0; row++) {
    differences = rowDifferences(engine, row, next, stride);
  }
  if (engine.fallbacks.length > 0) throw new Error(`${which}: ${JSON.stringify(engine.fallbacks)}`);
  return { differences, seconds: Math.round((performance.now() - start) / 1000) };
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { stride: { type: 'string', default: '1' }, jobs: { type: 'string' } },
  });
  const stride = Number(values.stride);
  const jobs = Number(values.jobs ?? availableParallelism());
  const known = positionals.every((which) => ALL.includes(which));
  if (!(known && Number.isInteger(stride) && stride >= 1 && Number.isInteger(jobs) && jobs >= 1)) {
    console.error(
      `pnpm exhaustive [--stride N] [--jobs N] [WHICH...], where WHICH is of\n  ${ALL.join('\n  ')}`,
    );
    process.exitCode = 2;
    return;
  }
  const wanted = positionals.length > 0 ? positionals : ALL;
  const pool = new Tinypool({ filename: import.meta.url, minThreads: jobs, maxThreads: jobs });
  const outcomes = wanted.map(async (which) => {
    const { differences, seconds } = (await pool.run({ which, stride } satisfies Task)) as Outcome;
    const same = differences.length === 0;
    console.log(`${which}: ${same ? 'equal' : 'DIFFERENT'}, ${seconds} s`);
    for (const difference of differences) console.log('  ', difference);
    return same;
  });
  const equal = (await Promise.all(outcomes)).filter(Boolean).length;
  await pool.destroy();
  console.log(`${equal} of ${wanted.length} equal over ${Math.ceil(2 ** 24 / stride)} of 2^24 patterns each`);
  if (equal < wanted.length) process.exitCode = 1;
}

if (isMainThread) await main();
