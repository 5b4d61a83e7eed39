// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A package.json, as far as it matters here.
 *
 * @typedef {{
 *   name: string;
 *   version: string;
 *   private?: boolean;
 *   description?: string;
 *   license?: string;
 *   keywords?: string[];
 *   files?: string[];
 *   bin?: object;
 *   exports?: Record<string, string | Record<string, string>>;
 *   dependencies?: Record<string, string>;
 *   peerDependencies?: Record<string, string>;
 *   devDependencies?: Record<string, string>;
 * }} Manifest
 *
 * @typedef {{ folder: string, manifest: Manifest }} Package `folder` as seen from the root: `packages/core`
 */

/** @param {string} folder */
const readManifest = (folder) =>
  /** @type {Manifest} */ (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));

/**
 * Every package of a repository, libraries first.
 *
 * @param {string} root
 * @returns {Package[]}
 */
export const allPackages = (root) =>
  ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => ({ folder, manifest: readManifest(join(root, folder)) })),
  );

/**
 * Whether programs import a package, though it may have a command, too.
 *
 * @param {Pick<Manifest, 'bin' | 'exports'>} manifest
 */
export const isLibrary = ({ bin, exports = {} }) => bin === undefined || '.' in exports;

/** @param {string} root */
export const publishedPackages = (root) =>
  allPackages(root).filter(({ manifest }) => manifest.private !== true);
