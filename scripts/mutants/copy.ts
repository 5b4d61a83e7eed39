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

/** Copies the tree of `root` into a new temporary folder; what is installed there serves both. */
export function copyTree(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'spte-mutants-'));
  for (const file of trackedFiles(root)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const group of GROUPS) {
    for (const name of readdirSync(join(root, group))) {
      const modules = join(group, name, 'node_modules');
      // Links to other packages are relative: within the copy they point to the copy's.
      if (existsSync(join(root, modules))) {
        cpSync(join(root, modules), join(copy, modules), { recursive: true, verbatimSymlinks: true });
      }
    }
  }
  return copy;
}

export function removeTree(copy: string): void {
  rmSync(copy, { recursive: true, force: true });
}
