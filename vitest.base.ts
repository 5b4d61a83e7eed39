// SPDX-License-Identifier: GPL-2.0-only
import { fileURLToPath } from 'node:url';
import { defaultServerConditions } from 'vite';
import type { UserWorkspaceConfig } from 'vitest/config';

const conditions = ['@spte/source', ...defaultServerConditions];
const setupFiles = [fileURLToPath(new URL('vitest.setup.ts', import.meta.url))];

/** A test project that runs in Node on the sources of all packages: nothing has to be built first. */
export function project(name: string, test: UserWorkspaceConfig['test'] = {}): UserWorkspaceConfig {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    // No test is a measurement: one that hangs is told from one on a busy machine.
    // Test files share what they import: to load it anew for each takes a third of the time. They leave nothing
    // behind; a project whose files do says `isolate: true`.
    test: { name, environment: 'node', isolate: false, testTimeout: 60_000, setupFiles, ...test },
  };
}
