// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';

// The properties of every run see the same inputs, so that a failure is a change's. `pnpm unit:random` tries others.
fc.configureGlobal({ seed: Number(process.env['SPTE_SEED'] ?? 1) });
import { afterAll, expect as ex } from 'vitest';
import { appendFileSync, readFileSync } from 'node:fs';
afterAll(() => {
  const f = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  const [u, s, cu, cs] = f.slice(11, 15).map(Number);
  appendFileSync('/tmp/cpu.txt', `${(u + s) / 100} ${(cu + cs) / 100} ${ex.getState().testPath} ${process.pid}\n`);
});
