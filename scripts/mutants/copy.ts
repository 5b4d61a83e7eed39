// SPDX-License-Identifier: GPL-2.0-only
// A copy of the working tree in which files may be broken.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the packages and apps are. */
const GROUPS = ['packages', 'apps'] as const;

/** Files of git, changed and new ones too; not those that are ignored. */
function trackedFiles(root: string): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  // A file that was deleted and not yet committed is listed.
  return list.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** Packages as pnpm keeps them, to which all else in `node_modules` is a relative link. */
const STORE = '.pnpm';

/**
 * Gives a copy links of its own. What is installed serves both, but an install in the copy, which a test or a reader's
 * command may run, must not turn the links of the tree to a folder that will be gone.
 */
function linkInstalled(root: string, copy: string): void {
  const [from, to] = [join(root, 'node_modules'), join(copy, 'node_modules')];
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name !== STORE) cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(from, STORE), join(to, STORE));
}

/** A folder with all that a run of tests reads and writes. */
export interface Workshop {
  readonly folder: string;
  /** The tree. */
  readonly copy: string;
  /** For temporary files: those of a test that was killed go with the rest. */
  readonly temporary: string;
}

/** Copies the tree of `root` into a new temporary folder; what is installed there serves both. */
export function makeWorkshop(root: string): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'spte-mutants-'));
  const [copy, temporary] = [join(folder, 'tree'), join(folder, 'tmp')];
  mkdirSync(temporary);
  for (const file of trackedFiles(root)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true });
  }
  linkInstalled(root, copy);
  for (const group of GROUPS) {
    for (const name of readdirSync(join(root, group))) {
      const modules = join(group, name, 'node_modules');
      // Links to other packages are relative: within the copy they point to the copy's.
      if (existsSync(join(root, modules))) {
        cpSync(join(root, modules), join(copy, modules), { recursive: true, verbatimSymlinks: true });
      }
    }
  }
  return { folder, copy, temporary };
}

/** Removes it, also while the last files are still being written into it. */
export function removeWorkshop({ folder }: Workshop): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
