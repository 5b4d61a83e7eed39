// SPDX-License-Identifier: GPL-2.0-only
// What `npm test` leaves out: `pnpm unit:long` tries everything where every run tries a sample, compiles the WebAssembly
// kernels anew, asks how much of a package its own tests cover, and whether tests notice what is planted. The tarballs
// are looked at by publint and attw, the examples from outside are built on them, and the API reference is made package by
// package.
//
// The last line is that of the tests.
import { environment, pnpm, run } from './pnpm.mjs';

// Of mutants, those that were planted once, and some that are drawn: which, depends on the sources.
for (const words of [
  ['lint:pkg'],
  ['outside'],
  ['docs'],
  ['coverage:home'],
  ['mutants', '--count', '24'],
  ['unit'],
]) {
  // What every run tries must catch them.
  environment['SPTE_LONG'] = words[0] === 'mutants' ? '0' : '1';
  console.log(`=== ${words.join(' ')}`);
  const code = await run([...pnpm(), '--silent', 'run', ...words]);
  if (code !== 0) process.exitCode = code;
  if (code > 128) break;
}
