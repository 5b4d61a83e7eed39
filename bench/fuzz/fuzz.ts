// SPDX-License-Identifier: GPL-2.0-only
// `pnpm fuzz`: feeds the readers with broken inputs, the same ones for the same seed, until one does what must not
// happen. `pnpm fuzz dat --seed 5 --count 1` makes the input of seed 5 alone.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { datTarget } from './dat-target.ts';
import { elfTarget } from './elf-target.ts';
import { kvmTarget } from './kvm-target.ts';
import { Failure, fuzz, type Result } from './run.ts';
import type { Target } from './target.ts';
import { textTarget } from './text-target.ts';

const TARGETS: readonly Target[] = [datTarget, textTarget, elfTarget, kvmTarget];
const NAMES = TARGETS.map(({ name }) => name).join(' ');

const USAGE = `pnpm fuzz [${NAMES.replaceAll(' ', '|')}]... [--seed N] [--count N] [--minutes N]

Without a name, all of them. --count is of ${TARGETS.map(({ name, unit }) => `${unit} (${name})`).join(', ')}; one minute each without
--count and --minutes. The inputs of a seed are always the same; the default seed is of the clock.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    minutes: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** A number that an option gives. */
function number(name: 'seed' | 'count' | 'minutes', otherwise: number): number {
  const given = values[name];
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (given !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`--${name} must be a number, not ${JSON.stringify(given)}`);
}

function main(): void {
  const unknown = positionals.filter((name) => !TARGETS.some((target) => target.name === name));
  if (values.help === true || unknown.length > 0) {
    console.log(unknown.length > 0 ? `no target ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
    if (unknown.length > 0) process.exitCode = 2;
    return;
  }
  const seed = number('seed', Date.now() % 2 ** 31);
  const count = number('count', Number.POSITIVE_INFINITY);
  const minutes = number('minutes', values.count === undefined ? 1 : Number.POSITIVE_INFINITY);
  for (const target of TARGETS) {
    if (positionals.length > 0 && !positionals.includes(target.name)) continue;
    console.log(`${target.name}: seed ${seed}`);
    print(target, fuzz(target, seed, { count, milliseconds: minutes * 60_000 }));
  }
}

function print(target: Target, { inputs, count, milliseconds, slowest, largest, endings }: Result): void {
  const each = ((milliseconds * 1000) / Math.max(1, count)).toFixed(1);
  console.log(
    `${target.name}: ${count} ${target.unit} in ${inputs} inputs, ${(milliseconds / 1000).toFixed(1)} s, ${each} us each; ` +
      `slowest input ${slowest.milliseconds.toFixed(1)} ms (seed ${slowest.seed}); ` +
      `largest growth of memory in one input ${(largest.bytes / 2 ** 20).toFixed(1)} MiB (seed ${largest.seed})`,
  );
  for (const [ending, times] of [...endings].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${String(times).padStart(10)}  ${ending}`);
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  const path = join(mkdtempSync(join(tmpdir(), 'spte-fuzz-')), `seed-${error.seed}`);
  writeFileSync(path, error.input);
  console.error(error);
  console.error(`the input is in ${path}`);
  process.exitCode = 1;
}
