// SPDX-License-Identifier: GPL-2.0-only
// What `npm test` leaves out: `pnpm unit:long` tries everything where every run tries a sample, compiles the WebAssembly
// kernels anew, asks how much of a package its own tests cover, and whether tests notice what is planted. The tarballs
// are looked at by publint and attw, the examples from outside are built on them, and the API reference is made package by
// package.
//
// The last line is that of the tests.
import { environment, pnpm, run } from './pnpm.mjs';

environment['SPTE_LONG'] = '1';
// Of mutants, those that were planted once: which are drawn depends on the sources, and what survives wants a look.
for (const words of [
  ['lint:pkg'],
  ['outside'],
  ['docs'],
  ['coverage:home'],
  ['mutants', '--count', '0'],
  ['unit'],
]) {
  console.log(`=== ${words.join(' ')}`);
  const code = await run([...pnpm(), '--silent', 'run', ...words]);
  if (code !== 0) process.exitCode = code;
  if (code > 128) break;
}
