// SPDX-License-Identifier: GPL-2.0-only
import { readKernelRelease } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { affectedKernel, affectedText, type Erratum, errata, kernelRange } from '../src/index.ts';

const of = (id: string): Erratum => errata.find((erratum) => erratum.id === id) as Erratum;
const range = (id: string, release: string): string => {
  const { state, why } = affectedKernel(of(id), readKernelRelease(release));
  return `${state}: ${why}`;
};

describe('a kernel', () => {
  it.each([
    // A candidate of the release with the fix does not have it.
    ['npt-nx-reserved', '6.0-rc3', 'inside: before 6.0, yours says 6.0-rc3'],
    ['npt-nx-reserved', '6.0.0-rc3-amd64', 'inside: before 6.0, yours says 6.0.0-rc3-amd64'],
    ['npt-nx-reserved', '6.0~rc3-amd64', 'inside: before 6.0, yours says 6.0~rc3-amd64'],
    ['npt-nx-reserved', '6.0', 'outside: fixed in 6.0, yours says 6.0'],
    ['npt-nx-reserved', '6.1.5', 'outside: fixed in 6.0, yours says 6.1.5'],
    ['present-spte-becomes-mmio', '7.0.0-rc2', 'inside: before 7.0, yours says 7.0.0-rc2'],
    ['present-spte-becomes-mmio', '7.0', 'outside: fixed in 7.0, yours says 7.0'],
    // Stable series have points of their own, or never get there.
    ['npt-nx-reserved', '5.19.1', 'inside: before 5.19.2, yours says 5.19.1'],
    ['npt-nx-reserved', '5.19.2', 'outside: fixed in 5.19.2, yours says 5.19.2'],
    ['npt-nx-reserved', '5.15.200', 'inside: 5.15 never got the fix, yours says 5.15.200'],
    ['shadow-nx-reserved', '5.10.60', 'outside: fixed in 5.10.50, yours says 5.10.60'],
    ['shadow-nx-reserved', '5.4', 'outside: fixed in 5.4.144, yours says 5.4'],
    ['mmio-generation-upper-half', '5.4.84', 'inside: before 5.4.85, yours says 5.4.84'],
    ['nested-write-unsync-skipped', '6.12.117', 'outside: fixed in 6.12.2, yours says 6.12.117'],
    // The number of a distribution hides the stable release.
    [
      'nested-write-unsync-skipped',
      '6.1.0-56-amd64',
      'unknown: fixed in 6.1.120, and 6.1.0-56-amd64 does not say which stable release it is',
    ],
    ['nested-write-unsync-skipped', '6.1.y', 'outside: fixed in 6.1.120, yours says 6.1.y'],
    ['npt-nx-reserved', '5.15.0-91-generic', 'inside: 5.15 never got the fix, yours says 5.15.0-91-generic'],
    // Of RHEL the row of core counts, and not the number.
    [
      'npt-nx-reserved',
      '5.14.0-162.6.1.el9_1.x86_64',
      'inside: before 6.0, yours says 5.14.0-162.6.1.el9_1.x86_64 (as 5.18)',
    ],
    [
      'npt-nx-reserved',
      '5.14.0-570.12.1.el9_6.x86_64',
      'outside: fixed in 6.0, yours says 5.14.0-570.12.1.el9_6.x86_64 (as 6.11.11)',
    ],
    // Windows of conditions.
    ['mmio-dump-root-level-5', '5.9', 'outside: since 5.10-rc1, yours says 5.9'],
    ['mmio-dump-root-level-5', '5.10-rc5', 'inside: before 5.10, yours says 5.10-rc5'],
    ['mmio-gen-hits-mmu-present', '5.13', 'outside: before 5.13, yours says 5.13'],
    ['mmio-gen-hits-mmu-present', '5.12-rc2', 'inside: before 5.13, yours says 5.12-rc2'],
    ['invalid-child-role', '2.6.29', 'outside: since 2.6.30, yours says 2.6.29'],
    // Only stable releases are known.
    ['walk-of-invalid-root', '7.2.9', 'inside: before 7.2.10, yours says 7.2.9'],
    ['walk-of-invalid-root', '7.3', 'unknown: which releases have it is not known, yours says 7.3'],
    ['lookalike-esxi-no-ad', '7.3', 'inside: of any release'],
  ])('is judged: %s in %s', (id, release, expected) => {
    expect(range(id, release)).toBe(expected);
  });

  it('may have a fix of which only one release is known that has it', () => {
    const { id } = of('mmio-generation-upper-half');
    const erratum: Erratum = { ...of(id), stable: { '5.4': '<=5.4.117' } };
    const why = (release: string): unknown => affectedKernel(erratum, readKernelRelease(release));
    expect(why('5.4.117')).toMatchObject({
      state: 'outside',
      why: 'fixed in 5.4.117 or before, yours says 5.4.117',
    });
    expect(why('5.4.50')).toMatchObject({
      state: 'unknown',
      why: 'fixed in 5.4.117 or before, yours says 5.4.50',
    });
  });

  it('that is not known leaves it open', () => {
    expect(kernelRange(of('npt-nx-reserved'), null)).toEqual({
      state: 'unknown',
      sure: false,
      why: 'the kernel is not known',
    });
  });

  it.each([
    ['npt-nx-reserved', '5.15.100', 'yes'],
    ['npt-nx-reserved', '5.18.5', 'not fixed'],
    ['npt-nx-reserved', '5.15.0-91-generic', 'not fixed'],
    ['npt-nx-reserved', '6.2', 'no'],
    ['walk-of-invalid-root', '7.3', 'not known'],
    ['invalid-child-role', '6.8', 'yes'],
    ['guest-pat-honoured', '6.11-rc2', 'yes'],
  ])('has it or not, in a word: %s in %s: %s', (id, release, expected) => {
    expect(affectedText(affectedKernel(of(id), readKernelRelease(release)))).toBe(expected);
  });
});
