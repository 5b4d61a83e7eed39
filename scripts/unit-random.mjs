// SPDX-License-Identifier: GPL-2.0-only
// Every test, with properties tried on other inputs than in all other runs:
//
//   pnpm unit:random [arguments of vitest]
//
// It prints the seed; with SPTE_SEED=N in the environment, `pnpm unit` and this try those of seed N.
import { randomInt } from 'node:crypto';
import { environment, pnpm, run } from './pnpm.mjs';

environment['SPTE_SEED'] ??= String(randomInt(2 ** 31));
const seed = environment['SPTE_SEED'];
const words = process.argv.slice(2);
console.log(`seed ${seed}`);
const code = await run([...pnpm(), '--silent', 'run', 'unit', ...words]);
if (code !== 0) console.log(`\nto repeat: SPTE_SEED=${[seed, 'pnpm unit', ...words].join(' ')}`);
process.exitCode = code;
