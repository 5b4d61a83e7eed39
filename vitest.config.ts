// SPDX-License-Identifier: GPL-2.0-only
import { defineConfig } from 'vitest/config';
import Summary from './vitest.summary.ts';

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'apps/*/e2e', 'scripts'],
    reporters: ['default', new Summary()],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/generated/**', 'packages/testing/**'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 100, branches: 100 },
    },
  },
});
