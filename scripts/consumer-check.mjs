// SPDX-License-Identifier: GPL-2.0-only
// Proves that every published package works for a stranger, in empty projects outside the repository and without a
// registry. A command is installed alone, and run. The libraries are installed together; then each gets a project in
// which it stands with what its tarball says it needs and nothing else, where an import of it is type-checked under
// `moduleResolution: nodenext` and the first `ts` block of its README is run.
//
// `pnpm consumer` packs first; this script expects {packages,apps}/*/.pack/package.tgz.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { inFolder, install, must, PROJECT, packageIn, packages, TSC } from './tarballs.mjs';

/** @typedef {import('./tarballs.mjs').Package} Package */

/**
 * Gives a project one of the packages that are installed in another, with what its manifest there says it needs.
 *
 * @param {string} name
 * @param {string} from
 * @param {string} to
 */
function give(name, from, to) {
  const there = join(from, 'node_modules', name);
  const here = join(to, 'node_modules', name);
  if (existsSync(here)) return;
  cpSync(there, here, { recursive: true });
  for (const need of packageIn(there).found.needs) give(need, from, to);
}

/** A line of a trace. */
const LINE = 't-1 [0] .. 1.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080\n';

/**
 * Runs the command as its users do.
 *
 * @param {Package} pkg
 * @param {string} folder an empty one
 */
function checkCommand(pkg, folder) {
  install([pkg], folder);
  const spte = join(folder, 'node_modules', '.bin', 'spte');
  /** @param {string} line */
  const run = (line) => must(folder, spte, ...line.split(' '));
  if (!run('--help').includes('spte')) throw new Error('its help does not name it');
  const decoded = run('decode 0x600000455299b77 --level 1 --preset haswell --kernel 6.8 --json');
  const { entries } = /** @type {{ entries: { kind: string }[] }} */ (JSON.parse(decoded));
  const [entry] = entries;
  if (entry?.kind !== 'leaf') throw new Error(`it does not see a leaf: ${decoded}`);
  writeFileSync(join(folder, 'a.txt'), LINE);
  writeFileSync(join(folder, 'b.txt'), LINE);
  run('annotate a.txt b.txt --preset haswell --kernel 6.8 --jobs 2 --parquet parts/');
  for (const part of ['a.txt.parquet', 'b.txt.parquet']) {
    const bytes = readFileSync(join(folder, 'parts', part), 'latin1');
    if (!bytes.startsWith('PAR1') || !bytes.endsWith('PAR1'))
      throw new Error(`${part} is not a Parquet file`);
  }
}

/** @param {Package} pkg */
function readmeExample(pkg) {
  const readme = join(pkg.folder, 'README.md');
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
  const block = /^```ts\b[^\n]*\n(.*?)^```/ms.exec(text)?.[1];
  if (block === undefined)
    throw new Error('no README example: README.md needs a first ```ts block that runs alone');
  return block;
}

/**
 * @param {Package} pkg
 * @param {string} folder an empty one
 * @param {string} all where all libraries are installed
 */
function checkLibrary(pkg, folder, all) {
  writeFileSync(join(folder, 'package.json'), PROJECT);
  give(pkg.name, all, folder);
  // The whole surface as a value, so that every declaration the package ships is loaded and checked.
  writeFileSync(
    join(folder, 'import.ts'),
    `import * as api from '${pkg.name}';\nexport const surface: object = api;\n`,
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022'],
        types: [],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      },
      files: ['import.ts'],
    }),
  );
  must(folder, process.execPath, TSC, '-p', '.');

  const example = ts.transpileModule(readmeExample(pkg), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  writeFileSync(join(folder, 'example.mjs'), example.outputText);
  must(folder, process.execPath, 'example.mjs');
}

/**
 * @param {Package} pkg
 * @param {string} works what it does when its check ends
 * @param {(folder: string) => void} check
 */
function report(pkg, works, check) {
  try {
    inFolder(check);
    console.log(`${pkg.name}: installs alone, ${works}`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${pkg.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const commands = [...packages.values()].filter(({ command }) => command);
for (const pkg of commands) {
  // The other one is tried by scripts/outside-check.mjs.
  if (pkg.name === '@spte/cli') report(pkg, 'and runs', (folder) => checkCommand(pkg, folder));
}
const libraries = [...packages.values()].filter(({ command }) => !command);
inFolder((all) => {
  install(libraries, all);
  for (const pkg of libraries) {
    report(pkg, 'type-checks, and its README example runs', (folder) => checkLibrary(pkg, folder, all));
  }
});
