// SPDX-License-Identifier: GPL-2.0-only
// Runs the pinned pnpm on a machine that has only Node and npm:
//
//   node scripts/pnpm.mjs <arguments of pnpm>
//
// It installs the dependencies first, exactly as the lockfile says (a no-op when they are up to date).
// Plain JavaScript without a dependency, because nothing is installed when it starts.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const windows = process.platform === 'win32';
const manifest = /** @type {{ packageManager: string, engines: { node: string } }} */ (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
);
const version = manifest.packageManager.replace(/^pnpm@/, '').replace(/\+.*$/, '');

/**
 * What every child gets: no telemetry, no question, and no download by corepack.
 *
 * @type {NodeJS.ProcessEnv}
 */
export const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
  COREPACK_ENABLE_NETWORK: '0',
};

/** @type {string[] | undefined} */
let command;

/** The words that start the pinned pnpm: one that is here already, else through npm's `npx`. */
export function pnpm() {
  command ??= findPnpm();
  return command;
}

function findPnpm() {
  for (const candidate of ['pnpm', join(root, 'node_modules', '.bin', 'pnpm')]) {
    const probe = spawnSync(quote(candidate), ['--version'], {
      cwd: root,
      env: environment,
      shell: windows,
      encoding: 'utf8',
    });
    if (probe.status === 0 && probe.stdout.trim() === version) return [candidate];
  }
  // npm's own entry point where npm started us, which needs no shell. npm 12 runs no install script
  // unless told to, and pnpm's script is what unpacks its native binary.
  const npm = process.env['npm_execpath'];
  const npx = npm?.endsWith('npm-cli.js') ? [process.execPath, npm, 'exec'] : ['npx'];
  return [...npx, '--yes', '--allow-scripts=pnpm', '--', `pnpm@${version}`];
}

/** @param {string} word */
function quote(word) {
  return windows && word.includes(' ') ? `"${word}"` : word;
}

const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** The leaders of the groups that run now. @type {Set<import('node:child_process').ChildProcess>} */
const groups = new Set();

/**
 * Runs a command to its end. Signals that would otherwise end this process alone are passed on to it.
 *
 * @param {string[]} words
 * @param {{ group?: boolean, onOutput?: (text: string) => void }} [options] `group` gives it a process group of its
 *   own, which {@link stopAll} ends; `onOutput` receives the output instead of the terminal
 * @returns {Promise<number>} its exit code
 */
export function run(words, { group = false, onOutput } = {}) {
  const [file = '', ...rest] = words;
  const output = onOutput ? 'pipe' : 'inherit';
  const child = spawn(quote(file), rest.map(quote), {
    cwd: root,
    env: environment,
    // A group in the background must not wait for a terminal that is not its own.
    stdio: [group ? 'ignore' : 'inherit', output, output],
    shell: windows && file !== process.execPath,
    detached: group && !windows,
  });
  if (onOutput) {
    child.stdout?.setEncoding('utf8').on('data', onOutput);
    child.stderr?.setEncoding('utf8').on('data', onOutput);
  }

  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => child.kill(signal);
  if (group) groups.add(child);
  else for (const signal of signals) process.on(signal, forward);

  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      groups.delete(child);
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** How long what runs may take to end by itself once it is told to. */
const GRACE_MS = 3000;

/**
 * Ends every group that runs, and all that its members have started.
 *
 * @param {NodeJS.Signals} signal what they are told; what is left after a while is killed
 */
export function stopAll(signal) {
  const leaders = [...groups].flatMap(({ pid }) => pid ?? []);
  /** @param {NodeJS.Signals} told */
  const tell = (told) => {
    for (const pid of leaders.flatMap(members)) {
      try {
        process.kill(pid, told);
      } catch {
        // It has ended.
      }
    }
  };
  tell(signal);
  // One that was just being started has not heard of it. What ends in time need not wait.
  setTimeout(() => setInterval(tell, 500, 'SIGKILL').unref(), GRACE_MS).unref();
  process.once('exit', () => tell('SIGKILL'));
}

/**
 * A leader and what it has started, also where that made groups of its own, as pnpm and turbo do, or has lost its
 * parent.
 *
 * @param {number} leader
 */
function members(leader) {
  const found = new Set([leader]);
  const { status, stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,sess='], { encoding: 'utf8' });
  if (status !== 0) return [...found];
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  for (let known = 0; known < found.size; ) {
    known = found.size;
    for (const [pid = 0, parent = 0, session] of rows) {
      if (session === leader || found.has(parent)) found.add(pid);
    }
  }
  return [...found];
}

/**
 * Installs exactly what the lockfile says.
 *
 * @param {Parameters<typeof run>[1]} [options]
 */
export async function install(options) {
  const code = await run([...pnpm(), 'install', '--frozen-lockfile'], options);
  command = undefined; // The install has brought a pnpm of its own, which starts faster than npx.
  return code;
}

/** Ends the process with a hint when this Node is older than the repository supports. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
    console.error(
      `Node ${process.versions.node} is too old: this repository needs ${manifest.engines.node}.`,
    );
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  requireNode();
  const words = process.argv.slice(2);
  process.exitCode = await install();
  if (process.exitCode === 0 && words.length > 0) process.exitCode = await run([...pnpm(), ...words]);
}
