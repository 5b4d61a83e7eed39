// SPDX-License-Identifier: GPL-2.0-only
// Compiles a WebAssembly kernel, which is written in AssemblyScript, into a module that carries its bytes:
//
//   node scripts/wasm.mjs assembly/kernel.ts src/generated/kernel.ts
//
// A package's `build` calls it. What it writes is committed, so that sources run without a build. It says by a digest
// of what it was made from, which a test compares: to compile anew takes much longer.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, relative, resolve } from 'node:path';

// No runtime and no memory of its own: a kernel works on the memory that it is given.
const OPTIONS = ['-O3', '--runtime', 'stub', '--importMemory', '--enable', 'simd'];

const compiler = /** @type {{ version: string }} */ (
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve('assemblyscript/package.json'), 'utf8'))
);

/**
 * A kernel's source and all that it imports.
 *
 * @param {string} source its path
 * @param {Map<string, string>} found texts by absolute path
 */
export function kernelSources(source, found = new Map()) {
  const path = resolve(source);
  if (found.has(path)) return found;
  const text = readFileSync(path, 'utf8');
  found.set(path, text);
  for (const [, from = ''] of text.matchAll(/\bfrom '(\.[^']+)'/g)) {
    kernelSources(`${resolve(dirname(path), from.replace(/\.ts$/, ''))}.ts`, found);
  }
  return found;
}

/**
 * The module that carries a kernel.
 *
 * @param {string} source the path of the kernel
 * @param {string} base64 what it compiles to
 */
function render(source, base64) {
  const digest = createHash('sha256').update([compiler.version, ...OPTIONS, base64].join('\n'));
  const folder = dirname(resolve(source));
  const texts = [...kernelSources(source)].map(([path, text]) => `${relative(folder, path)}\n${text}`);
  for (const text of texts.toSorted()) digest.update(`\n${text}`);
  return `// SPDX-License-Identifier: GPL-2.0-only
/**
 * ${basename(source)} as WebAssembly, in base64. Written by scripts/wasm.mjs; do not edit.
 * Digest, of its sources too: ${digest.digest('hex')}
 */
export const KERNEL =
  '${base64}';
`;
}

/**
 * Whether a module is what {@link kernelModule} would give, as far as can be said without a compiler: it was made from
 * these sources by this compiler, and has not been edited.
 *
 * @param {string} source the path of the kernel
 * @param {string} module the text of the module
 */
export function isCurrent(source, module) {
  return module === render(source, /'([\w+/=]*)'/.exec(module)?.[1] ?? '');
}

/**
 * Compiles a kernel.
 *
 * @param {string} source its path
 * @returns {Promise<string>} the module for it
 */
export async function kernelModule(source) {
  const { default: asc } = await import('assemblyscript/asc');
  const sources = kernelSources(source);
  /** @type {Uint8Array | undefined} */
  let binary;
  let complaints = '';
  const { error } = await asc.main([source, '--outFile', 'kernel.wasm', ...OPTIONS], {
    stderr: {
      write(text) {
        complaints += typeof text === 'string' ? text : Buffer.from(text).toString();
      },
    },
    // It sees the sources of the digest, and no others.
    readFile: (name, folder) => sources.get(resolve(folder, name)) ?? null,
    writeFile(_name, contents) {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error !== null || binary === undefined || complaints !== '')
    throw new Error(`${source}: ${complaints}`);
  return render(source, Buffer.from(binary).toString('base64'));
}

if (import.meta.filename === process.argv[1]) {
  const [source, target] = process.argv.slice(2);
  if (source === undefined || target === undefined) {
    console.error('usage: node scripts/wasm.mjs SOURCE.ts TARGET.ts');
    process.exit(2);
  }
  writeFileSync(target, await kernelModule(source));
}
