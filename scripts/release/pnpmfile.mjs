// SPDX-License-Identifier: GPL-2.0-only
// The hook of `pnpm pack`. It is no .pnpmfile.mjs at the root, which every install would have to know.
import { publishedManifest } from './manifest.mjs';

export const hooks = { beforePacking: publishedManifest };
