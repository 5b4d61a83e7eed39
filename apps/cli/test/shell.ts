// SPDX-License-Identifier: GPL-2.0-only
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type Run, repository } from './run.ts';

/** Arguments of Node that start the command as the root script does. */
export const FROM_SOURCES: readonly string[] = [
  '--conditions=@spte/source',
  '--import',
  'tsx',
  join(repository, 'apps/cli/src/main.ts'),
];

/**
 * Arguments of bash for a line of the shell. What it reads comes through a socket where Node made the pipe; it would
 * take that for a remote login, and read the settings of whoever runs the tests.
 */
export const shellLine = (line: string): readonly string[] => ['--norc', '-c', line];

/** Runs a line of the shell, in which `spte` is the command as the root script starts it. */
export function shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const node = [process.execPath, ...FROM_SOURCES].map((word) => `'${word}'`).join(' ');
  return new Promise((resolve) => {
    execFile(
      'bash',
      shellLine(`set -o pipefail; spte() { ${node} "$@"; }; ${line}`),
      { cwd: repository, env: { ...process.env, INIT_CWD: repository, ...env } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
