// SPDX-License-Identifier: GPL-2.0-only
// Compiles a WebAssembly kernel, which is written in AssemblyScript, into a module that carries its bytes:
//
//   node scripts/wasm.mjs assembly/kernel.ts src/generated/kernel.ts
//
// A package's `build` calls it. What it writes is committed, so that sources run without a build; a test of the
// package compares it with what the kernel's source gives.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import asc from 'assemblyscript/asc';

/**
 * @param {string} source the path of a kernel
 * @returns {Promise<string>} the module for it
 */
export async function kernelModule(source) {
  /** @type {Uint8Array | undefined} */
  let binary;
  let complaints = '';
  const { error } = await asc.main(
    // No runtime and no memory of its own: a kernel works on the memory that it is given.
    [source, '--outFile', 'kernel.wasm', '-O3', '--runtime', 'stub', '--importMemory', '--enable', 'simd'],
    {
      stderr: {
        write(text) {
          complaints += typeof text === 'string' ? text : Buffer.from(text).toString();
        },
      },
      writeFile(_name, contents) {
        if (typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined) throw new Error(`${source}: ${complaints}`);
  return `// SPDX-License-Identifier: GPL-2.0-only
/** ${basename(source)} as WebAssembly, in base64. Written by scripts/wasm.mjs; do not edit. */
export const KERNEL =
  '${Buffer.from(binary).toString('base64')}';
`;
}

if (import.meta.filename === process.argv[1]) {
  const [source, target] = process.argv.slice(2);
  if (source === undefined || target === undefined) {
    console.error('usage: node scripts/wasm.mjs SOURCE.ts TARGET.ts');
    process.exit(2);
  }
  writeFileSync(target, await kernelModule(source));
}
