// SPDX-License-Identifier: GPL-2.0-only
// Proves that plugins can be written from outside: each package of examples/ is copied into an empty folder, gets the
// tarballs that its manifest names and nothing of this repository, is type-checked, tried by the kit's command, and runs
// its own tests.
//
//   pnpm outside [NAME...]
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pnpm.mjs';
import { inFolder, install, must, packages, TSC } from './tarballs.mjs';

const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/**
 * What a package of an example asks for, of those of this repository.
 *
 * @param {string} folder
 */
function asked(folder) {
  const { peerDependencies = {}, devDependencies = {} } =
    /** @type {Record<'peerDependencies' | 'devDependencies', Record<string, string> | undefined>} */ (
      JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    );
  return Object.keys({ ...peerDependencies, ...devDependencies }).map((name) => {
    const found = packages.get(name);
    if (found === undefined) throw new Error(`it asks for ${name}, which is no package of this repository`);
    return found;
  });
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2023'],
    types: [],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    allowJs: true,
    checkJs: true,
    noEmit: true,
  },
  files: ['index.js'],
};

/**
 * How many tests passed; one that has none is no proof.
 *
 * @param {string} said by the runner of Node
 */
function passed(said) {
  const tests = /^# pass (\d+)$/m.exec(said)?.[1] ?? '0';
  if (tests === '0') throw new Error(`it has no tests:\n${said}`);
  return tests;
}

/** @param {string} name */
function check(name) {
  inFolder((folder) => {
    cpSync(join(root, 'examples', name), folder, { recursive: true });
    cpSync(join(root, 'examples', 'said-by-all.js'), join(folder, 'said-by-all.js'));
    install(asked(folder), folder);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    must(folder, process.execPath, TSC, '-p', '.');
    must(folder, join(folder, 'node_modules', '.bin', 'spte-plugin-kit'), 'check', './index.js');
    const tests = passed(must(folder, process.execPath, '--test'));
    console.log(`${name}: stands on the tarballs alone, passes the kit and ${tests} tests of its own`);
  });
}

/** What `npm create spte-vendor` writes builds, and passes its tests. */
function checkCreated() {
  inFolder((folder) => {
    install(
      [packages.get('create-spte-vendor')].flatMap((pkg) => pkg ?? []),
      folder,
    );
    must(folder, join(folder, 'node_modules', '.bin', 'create-spte-vendor'), 'trial');
    const made = join(folder, 'spte-vendor-trial');
    // Without a registry there is no TypeScript but the repository's.
    const manifest = readFileSync(join(made, 'package.json'), 'utf8');
    writeFileSync(join(made, 'package.json'), manifest.replace(/,\s*"typescript": "[^"]*"/, ''));
    install(asked(made), made);
    must(made, process.execPath, TSC, '-p', '.');
    must(made, join(made, 'node_modules', '.bin', 'spte-plugin-kit'), 'check', './dist/index.js');
    const tests = passed(must(made, process.execPath, '--test'));
    console.log(`${CREATED}: builds, passes the kit and its ${tests} tests`);
  });
}

const CREATED = 'spte-vendor-trial, as create-spte-vendor writes it';
const named = process.argv.slice(2);
const all = [...examples, CREATED];
for (const name of named.length > 0 ? named : all) {
  try {
    if (name === CREATED) checkCreated();
    else check(name);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
