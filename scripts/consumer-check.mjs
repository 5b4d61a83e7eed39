// SPDX-License-Identifier: GPL-2.0-only
// Proves that every published package works for a stranger, in empty projects outside the repository and without a
// registry. A command is installed alone, and run. The libraries are installed together; then each gets a project in
// which it stands with what its tarball says it needs and nothing else, where an import of it is type-checked under
// `moduleResolution: nodenext` and the first `ts` block of its README is run.
//
// `pnpm consumer` packs first; this script expects {packages,apps}/*/.pack/package.tgz.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from './pnpm.mjs';
import { isLibrary } from './release/packages.mjs';

/**
 * @typedef {{
 *   name: string;
 *   private?: boolean;
 *   bin?: object;
 *   exports?: Record<string, string | Record<string, string>>;
 *   dependencies?: Record<string, string>;
 *   peerDependencies?: Record<string, string>;
 * }} Manifest
 */
/** @typedef {{ name: string, folder: string, command: boolean, needs: string[] }} Package */

/** The manifest of an empty project. */
const PROJECT = JSON.stringify({ name: 'consumer', private: true, type: 'module' });

/** @param {string} folder */
function packageIn(folder) {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const { name, dependencies, peerDependencies } = manifest;
  /** @type {Package} */
  const found = {
    name,
    folder,
    command: !isLibrary(manifest),
    needs: Object.keys({ ...dependencies, ...peerDependencies }),
  };
  return { found, published: manifest.private !== true };
}

/** @returns {Package[]} */
function publishedPackages() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((entry) => {
      const folder = join(root, group, entry);
      if (!existsSync(join(folder, 'package.json'))) return [];
      const { found, published } = packageIn(folder);
      return published ? [found] : [];
    }),
  );
}

/** By name. */
const packages = new Map(publishedPackages().map((pkg) => [pkg.name, pkg]));

/**
 * A library as the lockfile's install has it.
 *
 * @param {Package} user who needs it
 * @param {string} name
 */
function installed(user, name) {
  for (let folder = realpathSync(user.folder); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return packageIn(realpathSync(candidate)).found;
    if (folder === dirname(folder)) throw new Error(`${user.name} needs ${name}, which is not installed`);
  }
}

/**
 * Some packages and everything they need, by name: packages of this repository, and what is installed of others.
 *
 * @param {readonly Package[]} wanted
 */
function closure(wanted) {
  /** @type {Map<string, Package>} */
  const found = new Map();
  /** @param {Package} pkg */
  const visit = (pkg) => {
    if (found.has(pkg.name)) return;
    found.set(pkg.name, pkg);
    for (const need of pkg.needs) visit(packages.get(need) ?? installed(pkg, need));
  };
  wanted.forEach(visit);
  return found;
}

/**
 * @param {string} cwd
 * @param {string} file
 * @param {string[]} words
 */
function must(cwd, file, ...words) {
  const result = spawnSync(file, words, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${[file, ...words].join(' ')} failed:\n${result.stdout}${result.stderr}`.trim());
  return result.stdout;
}

/**
 * The tarball of a package: packed before for one of ours, now for another's.
 *
 * @param {Package} pkg
 * @param {string} folder where to
 */
function tarball(pkg, folder) {
  if (packages.has(pkg.name)) return join(pkg.folder, '.pack', 'package.tgz');
  // It prints the name of the file.
  return join(folder, must(folder, 'npm', 'pack', '--ignore-scripts', '--silent', pkg.folder).trim());
}

/**
 * Installs some packages and all that they need.
 *
 * @param {readonly Package[]} wanted
 * @param {string} folder an empty one
 */
function install(wanted, folder) {
  writeFileSync(join(folder, 'package.json'), PROJECT);
  const others = join(folder, 'tarballs');
  mkdirSync(others);
  const tarballs = [...closure(wanted).values()].map((need) => tarball(need, others));
  must(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs);
}

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
  must(folder, process.execPath, join(root, 'node_modules', 'typescript-7', 'bin', 'tsc'), '-p', '.');

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
 * Does something in an empty folder, which is gone afterwards.
 *
 * @param {(folder: string) => void} work
 */
function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'spte-consumer-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

for (const pkg of packages.values()) {
  if (pkg.command) report(pkg, 'and runs', (folder) => checkCommand(pkg, folder));
}
const libraries = [...packages.values()].filter(({ command }) => !command);
inFolder((all) => {
  install(libraries, all);
  for (const pkg of libraries) {
    report(pkg, 'type-checks, and its README example runs', (folder) => checkLibrary(pkg, folder, all));
  }
});
