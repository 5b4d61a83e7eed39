// SPDX-License-Identifier: GPL-2.0-only
import type { UserWorkspaceConfig } from 'vitest/config';
import { project } from '../../../vitest.base.ts';

const config: UserWorkspaceConfig = project('e2e', { testTimeout: 30_000, hookTimeout: 120_000 });
export default config;
