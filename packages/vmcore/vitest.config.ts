// SPDX-License-Identifier: GPL-2.0-only
import type { UserWorkspaceConfig } from 'vitest/config';
import { project } from '../../vitest.base.ts';

// A file puts something else in the place of node:fs: the others must not see it.
const config: UserWorkspaceConfig = project('vmcore', { isolate: true });
export default config;
