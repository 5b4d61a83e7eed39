// SPDX-License-Identifier: GPL-2.0-only

import type { Policy, Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { checkPolicy, checkVendor, KIT_CHECKS, problemText } from '@spte/plugin-kit';
import { pluginMachines } from '@spte/testing/plugins';
import { sampled } from '@spte/testing/sampled';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { wrongPlugins } from './wrong-plugins.ts';

describe('a plugin that is wrong in one thing', () => {
  it('there are many of', () => {
    expect(wrongPlugins.length).toBeGreaterThanOrEqual(60);
    expect(new Set(wrongPlugins.map(({ wrong }) => wrong)).size).toBe(wrongPlugins.length);
  });

  it.each(wrongPlugins)('$wrong: is found at $check', ({ make, role, check, text, kernels = ['6.8'] }) => {
    const names = check.split('|');
    // Whether it is found there first of all, the long run asks.
    const checks = sampled<readonly string[] | undefined>(
      names.filter((name) => name in KIT_CHECKS),
      undefined,
    );
    const options = { kernels, hosts: [{ physBits: 46 }], checks };
    const problems =
      role === 'vendor' ? checkVendor(make as () => Vendor, options) : checkPolicy(make, options);
    expect(problems.map(problemText).join('\n')).toMatch(text);
    expect(names).toContain(problems[0]?.check);
  });
});

/** A few kernels in every run, all of them in the long one. */
const kernels = sampled(['5.4', '7.3'], undefined);

describe('a plugin of ours', () => {
  it.each([
    ['EPT', () => vmx()],
    ['EPT without A/D', () => vmx({ eptAd: false, pml: false })],
    ['shadow paging on Intel', () => vmx({ ept: false })],
    ['NPT', () => svm()],
    ['shadow paging', () => svm({ npt: false })],
    ['an overlay', () => pluginMachines['bits, kinds and findings'].vendor],
  ])('passes: %s', (_name, make) => {
    expect(checkVendor(make, { kernels }).map(problemText)).toEqual([]);
  });

  it.each<[string, () => Policy]>([
    ['mmio', () => mmio()],
    ['mmio without caching', () => mmio({ mmioCaching: false })],
    ['l1tf', () => l1tf],
  ])('passes: %s', (_name, make) => {
    expect(checkPolicy(make, { kernels }).map(problemText)).toEqual([]);
    expect(checkPolicy(make, { kernels, with: () => svm() }).map(problemText)).toEqual([]);
  });
});
