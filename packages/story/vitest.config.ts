// SPDX-License-Identifier: GPL-2.0-only
import type { UserWorkspaceConfig } from 'vitest/config';
import { project } from '../../vitest.base.ts';

const config: UserWorkspaceConfig = project('story');
export default config;
