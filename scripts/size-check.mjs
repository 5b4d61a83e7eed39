// SPDX-License-Identifier: GPL-2.0-only
// Proves that an import costs what it uses: bundles what the libraries ship with esbuild, rollup and rolldown, and
// compares the minified bytes with a budget. An import for nothing must leave nothing.
//
// `pnpm sizes` builds first. `node scripts/size-check.mjs NAME` lists what esbuild put into the bundle of one import.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { root } from './pnpm.mjs';

/**
 * Minified bytes that an import may cost. A feature may raise the budget of what it is part of, in the commit that
 * adds it; those of `hex`, `isMmioSpte` and `l1tfExposure`, which stand alone, stay.
 *
 * @type {Record<string, { imports: string, budget: number }>}
 */
const BUDGETS = {
  hex: { imports: "export { hex } from '@spte/core'", budget: 120 },
  isMmioSpte: { imports: "export { isMmioSpte } from '@spte/core'", budget: 1400 },
  // 150 bytes of it and of the next two: a wrong value is named in a few words, whatever it is.
  l1tfExposure: { imports: "export { l1tfExposure } from '@spte/l1tf'", budget: 1450 },
  createMmu: {
    imports: "export { createMmu } from '@spte/core'; export { vmx } from '@spte/vendor-vmx'",
    // 500 bytes of it and of the next: which copy of core made a registry, and the refusal of another's. 2,400 more: what
    // plugins of contract 2 add in a kernel, steps of a VM and reserved bits of theirs, errors that name the hook.
    // 700 more: a step of a VM that a kernel does not have is refused, naming the kernels that have it.
    budget: 34_200,
  },
  // Beyond the 36,000 of the first one: 1,950 bytes for the rules of 5.4 to 5.18; 2,200 for EPT pointers told from MMIO
  // entries, advice by the reserved bit, why a leaf is read-only; 2,200 for printed masks and their advice, levels at
  // which an entry is clean, leaves that allow nothing. Why an entry is safe from L1TF is said here, not by that policy. 7,100 for
  // contract 2: kinds, findings, guesses and bits of plugins, who else would read an entry, hooks that fail.
  explainSpte: { imports: "export { explainSpte, renderExplanation } from '@spte/core'", budget: 48_800 },
};

/** What the other bundlers may make of a budget, which is for esbuild: their minifiers are not the same. */
const OTHERS = 1.05;

/** @typedef {{ name: string, main: string, sideEffects: boolean }} Library */

/** What users of the published packages get, by name. */
const libraries = new Map(
  readdirSync(join(root, 'packages')).flatMap((entry) => {
    const folder = join(root, 'packages', entry);
    const main = join(folder, 'dist', 'index.js');
    if (!existsSync(join(folder, 'package.json'))) return [];
    const { name, ...manifest } = /** @type {{ name: string, private?: boolean, sideEffects?: boolean }} */ (
      JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    );
    if (manifest.private === true) return [];
    if (!existsSync(main)) throw new Error(`${name} is not built: pnpm build`);
    /** @type {Library} */
    const library = { name, main, sideEffects: manifest.sideEffects ?? true };
    return [[name, library]];
  }),
);
const alias = Object.fromEntries([...libraries].map(([name, { main }]) => [name, main]));

/** @param {string} code */
async function bundleWithEsbuild(code) {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code },
    alias,
    bundle: true,
    format: 'esm',
    minify: true,
    metafile: true,
    write: false,
    // An import for nothing is meant here.
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  return { code: outputFiles[0]?.text ?? '', inputs: Object.values(metafile.outputs)[0]?.inputs ?? {} };
}

/**
 * What the resolvers of rollup and rolldown find, and the module that imports it.
 *
 * @param {string} code
 */
const resolver = (code) => ({
  name: 'libraries',
  /** @param {string} id */
  resolveId(id) {
    if (id === 'entry') return id;
    const library = libraries.get(id);
    return library ? { id: library.main, moduleSideEffects: library.sideEffects } : null;
  },
  /** @param {string} id */
  load: (id) => (id === 'entry' ? code : null),
});

/** @param {string} code */
async function bundleWithRollup(code) {
  const bundle = await rollup({ input: 'entry', plugins: [resolver(code)], logLevel: 'silent' });
  const { output } = await bundle.generate({});
  // Rollup leaves minifying to others.
  return (await esbuild.transform(output[0].code, { format: 'esm', minify: true })).code;
}

/** @param {string} code */
async function bundleWithRolldown(code) {
  const bundle = await rolldown({ input: 'entry', plugins: [resolver(code)], logLevel: 'silent' });
  const { output } = await bundle.generate({ minify: true });
  return output[0].code;
}

/** @type {Record<string, (code: string) => Promise<string>>} */
const bundlers = {
  esbuild: async (code) => (await bundleWithEsbuild(code)).code,
  rollup: bundleWithRollup,
  rolldown: bundleWithRolldown,
};

/**
 * The bytes of an import in each bundler; complains about each that is too large.
 *
 * @param {string} name
 * @param {string} code
 * @param {number} budget
 */
async function check(name, code, budget) {
  const cells = [];
  for (const [bundler, bundle] of Object.entries(bundlers)) {
    const bytes = Buffer.byteLength((await bundle(code)).trim());
    cells.push(`${bundler} ${bytes}`);
    if (bytes <= (bundler === 'esbuild' ? budget : OTHERS * budget)) continue;
    process.exitCode = 1;
    console.error(`${name}: ${bytes} bytes with ${bundler}, more than ${budget}`);
  }
  console.log(`${name}: ${cells.join(', ')} (at most ${budget})`);
}

const [asked] = process.argv.slice(2);
if (asked === undefined) {
  for (const [name, { imports, budget }] of Object.entries(BUDGETS)) await check(name, imports, budget);
  for (const name of libraries.keys()) await check(`import '${name}'`, `import '${name}'`, 0);
} else if (asked in BUDGETS) {
  const { inputs } = await bundleWithEsbuild(BUDGETS[asked]?.imports ?? '');
  const parts = Object.entries(inputs).map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }));
  for (const { file, bytes } of parts.toSorted((a, b) => b.bytes - a.bytes)) console.log(bytes, file);
} else {
  console.error(`no import ${asked}; there are ${Object.keys(BUDGETS).join(', ')}`);
  process.exitCode = 2;
}
