// SPDX-License-Identifier: GPL-2.0-only
// The C of this folder, built for the run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const COMPILER = process.env['CC'] ?? 'cc';

/** Builds a source of this folder; null, with a notice, where there is no compiler. */
export function buildC(source: string, folder: string, flags: readonly string[]): string | null {
  const program = join(folder, `${source}${flags.join('')}`);
  const built = spawnSync(COMPILER, [...flags, '-o', program, join('bench', source)], { encoding: 'utf8' });
  if (built.status === 0) return program;
  console.log(`No C ${flags.join(' ')} to compare with: ${built.error?.message ?? built.stderr}`);
  return null;
}

/** The compiler's own words. */
export function compilerVersion(): string {
  return spawnSync(COMPILER, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0] ?? 'no C compiler';
}
