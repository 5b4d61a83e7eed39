// SPDX-License-Identifier: GPL-2.0-only
// Writes docs/kernels.md from the layouts and variants of the packages.
import { writeFileSync } from 'node:fs';
import { kernelTable } from '../packages/conformance/src/index.ts';

writeFileSync(new URL('../docs/kernels.md', import.meta.url), kernelTable());
