// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TEMPLATE = fileURLToPath(new URL('../template', import.meta.url));

/** Where files of the template go that npm would not pack, or would take for its own, under their names. */
const PLACES: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  'manifest.json': 'package.json',
  'workflows/ci.yml': '.github/workflows/ci.yml',
};

/** Where a package is written, and for which version of `@spte`. */
export interface CreateOptions {
  /** The folder in which the package's own is made. */
  readonly into: string;
  /** The version of `@spte` that the package is written for. */
  readonly version: string;
}

/**
 * Writes a package `spte-vendor-NAME` with a vendor plugin.
 *
 * @param name of the vendor: a lower-case letter, then letters, digits and dashes
 * @returns the name of the package, which is that of its folder
 * @throws RangeError for another name
 * @throws Error when the folder is there
 */
export function createVendor(name: string, { into, version }: CreateOptions): string {
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(name))
    throw new RangeError(`NAME must be a lower-case letter, then letters, digits and dashes, got ${name}`);
  const folder = `spte-vendor-${name}`;
  if (existsSync(join(into, folder))) throw new Error(`${folder} is there already`);
  for (const file of filesOf('')) {
    const target = join(into, folder, PLACES[file] ?? file);
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(TEMPLATE, file), 'utf8');
    writeFileSync(target, text.replaceAll('NAME', name).replaceAll('VERSION', version));
  }
  return folder;
}

/** Files of the template, as seen from it. */
function filesOf(below: string): string[] {
  return readdirSync(join(TEMPLATE, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}
