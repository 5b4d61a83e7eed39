// SPDX-License-Identifier: GPL-2.0-only
// The hook of `pnpm pack`. It is no .pnpmfile.mjs at the root, which every install would have to know.
import { publishedManifest } from './manifest.mjs';

/** @type {(manifest: Parameters<typeof publishedManifest>[0], folder: string) => object} */
const beforePacking = (manifest, folder) => publishedManifest(manifest, folder);

export const hooks = { beforePacking };
