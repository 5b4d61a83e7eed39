// SPDX-License-Identifier: GPL-2.0-only
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allPackages } from '../packages.mjs';
import { CORE_COPY } from '../version.mjs';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

/** What a release looks at, in a folder of its own, without a pending changeset. */
export function releasable(): string {
  const copy = mkdtempSync(join(tmpdir(), 'spte-release-'));
  const manifests = allPackages(root).map(({ folder }) => `${folder}/package.json`);
  const others = [
    'package.json',
    'pnpm-workspace.yaml',
    '.changeset/config.json',
    CORE_COPY,
    'scripts/release',
  ];
  for (const file of [...manifests, ...others]) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { recursive: true });
  }
  return copy;
}

/** Adds a changeset. */
export function change(copy: string, releases: Readonly<Record<string, string>>, summary: string): void {
  const head = Object.entries(releases).map(([name, type]) => `'${name}': ${type}\n`);
  writeFileSync(join(copy, '.changeset', 'a-change.md'), `---\n${head.join('')}---\n\n${summary}\n`);
}
