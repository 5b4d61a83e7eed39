// SPDX-License-Identifier: GPL-2.0-only
import { defaultServerConditions } from 'vite';
import type { UserWorkspaceConfig } from 'vitest/config';

const conditions = ['@spte/source', ...defaultServerConditions];

/** A test project that runs in Node on the sources of all packages: nothing has to be built first. */
export function project(name: string, test: UserWorkspaceConfig['test'] = {}): UserWorkspaceConfig {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: { name, environment: 'node', ...test },
  };
}
