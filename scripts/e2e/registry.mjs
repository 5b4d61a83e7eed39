// SPDX-License-Identifier: GPL-2.0-only
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

// The newest that runs on Node 20.
const VERDACCIO = '6.8.0';
const START_MS = 60_000;

/**
 * A port of loopback that nobody listens on.
 *
 * @returns {Promise<number>}
 */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/**
 * Runs a command to its end.
 *
 * @param {string} cwd
 * @param {string[]} words
 * @param {NodeJS.ProcessEnv} [env]
 */
export function outcome(cwd, [file = '', ...words], env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (error) throw error;
  return { status, stdout, output: stdout + stderr };
}

/**
 * Runs a command that must succeed; gives back what it printed.
 *
 * @param {string} cwd
 * @param {string[]} words
 * @param {NodeJS.ProcessEnv} [env]
 */
export function must(cwd, words, env) {
  const { status, stdout, output } = outcome(cwd, words, env);
  if (status !== 0) throw new Error(`${words.join(' ')} failed in ${cwd}:\n${output}`);
  return stdout;
}

/**
 * A registry on loopback. It has what is published to it, and passes on what it is asked of others; packages of this
 * repository it never asks for elsewhere.
 *
 * @param {string} folder an empty one
 * @param {readonly string[]} names patterns of what is published here alone
 */
export async function startRegistry(folder, names) {
  mkdirSync(folder, { recursive: true });
  const upstream = must(folder, ['npm', 'config', 'get', 'registry']).trim();
  // One of its dependencies is named by a tag, which a mirror may not have.
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, overrides: { 'node-fetch': '^2.7.0' } }),
  );
  must(folder, ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', `verdaccio@${VERDACCIO}`]);
  const config = [
    'storage: ./storage',
    `uplinks: { upstream: { url: '${upstream}' } }`,
    'packages:',
    ...names.map((name) => `  '${name}': { access: $all, publish: $all }`),
    "  '**': { access: $all, proxy: upstream }",
    'max_body_size: 50mb',
    'log: { type: stdout, format: json, level: error }',
  ];
  writeFileSync(join(folder, 'config.yaml'), `${config.join('\n')}\n`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const child = spawn(
    process.execPath,
    [
      join('node_modules', 'verdaccio', 'bin', 'verdaccio'),
      '--config',
      'config.yaml',
      '--listen',
      `127.0.0.1:${port}`,
    ],
    { cwd: folder, stdio: 'ignore' },
  );
  // npm publishes nothing without a token; this registry takes any.
  const userconfig = join(folder, 'npmrc');
  writeFileSync(userconfig, `registry=${url}\n//127.0.0.1:${port}/:_authToken=none\n`);
  const start = performance.now();
  for (;;) {
    const answers = await fetch(`${url}-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    if (child.exitCode !== null || performance.now() - start > START_MS)
      throw new Error('the registry does not start');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    /** Where npm finds it. @type {NodeJS.ProcessEnv} */
    env: {
      ...process.env,
      npm_config_userconfig: userconfig,
      npm_config_registry: url,
      npm_config_cache: join(folder, 'cache'),
      // A script that runs silently would have npm say nothing.
      npm_config_loglevel: 'error',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
    },
    stop: () => void child.kill(),
  };
}
