// SPDX-License-Identifier: GPL-2.0-only
import {
  defineOverlay,
  definePolicy,
  defineVendor,
  legacyFormat,
  type SetupStep,
  shapeProblems,
} from '@spte/core';
import { expect, it } from 'vitest';

const setup: SetupStep = (_setup, registry) => registry;

// The type check fails where a line below is no error any more.
it('refuses a member that no plugin has, by its type and when it is checked', () => {
  const vendor = defineVendor({
    name: 'odd',
    apiVersion: 2,
    format: legacyFormat,
    setup,
    // @ts-expect-error: a slip of cpuReads
    cpuRead: () => [],
  });
  // @ts-expect-error: a slip of read
  const policy = definePolicy({ name: 'odd', apiVersion: 2, reads: () => null });
  // @ts-expect-error: a slip of findings
  const overlay = defineOverlay({ name: 'odd', finding: {} });
  expect(shapeProblems(vendor, 'vendor').map(({ text }) => text)).toEqual([
    expect.stringContaining('cpuRead'),
  ]);
  expect(shapeProblems(policy, 'policy').map(({ text }) => text)).toEqual([expect.stringContaining('reads')]);
  expect(Object.keys(overlay)).toEqual(['name', 'finding']);
});
