// SPDX-License-Identifier: GPL-2.0-only
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defaultServerConditions } from 'vite';
import type { UserWorkspaceConfig } from 'vitest/config';

const conditions = ['@spte/source', ...defaultServerConditions];
const setupFiles = [fileURLToPath(new URL('vitest.setup.ts', import.meta.url))];

/**
 * No test is a measurement: one that hangs is told from one on a busy machine. Two minutes are ten times what the
 * longest takes on a quiet one; where more runs than there are cores, all take longer.
 */
const patience = 120_000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
const limits = { testTimeout: patience, hookTimeout: patience };

/** A test project that runs in Node on the sources of all packages: nothing has to be built first. */
export function project(name: string, test: UserWorkspaceConfig['test'] = {}): UserWorkspaceConfig {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    // Test files share what they import: to load it anew for each takes a third of the time. They leave nothing
    // behind; a project whose files do says `isolate: true`.
    test: { name, environment: 'node', isolate: false, ...limits, setupFiles, ...test },
  };
}
