// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kernelTable } from '../src/index.ts';

it('docs/kernels.md is what the layouts and variants say (pnpm run docs:kernels writes it)', () => {
  const page = readFileSync(new URL('../../../docs/kernels.md', import.meta.url), 'utf8');
  expect(kernelTable()).toBe(page);
});
