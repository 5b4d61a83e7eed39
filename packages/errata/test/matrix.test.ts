// SPDX-License-Identifier: GPL-2.0-only
import { readKernelRelease } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { affectedKernel, type Erratum, errata, matchErrata } from '../src/index.ts';
import { samples } from './samples.ts';

const shown = samples.filter(({ match }) => match !== null);
const hidden = samples.filter(({ kernels }) => kernels !== null);

const erratumOf = (id: string): Erratum => errata.find((erratum) => erratum.id === id) as Erratum;

it('every erratum has a sample, in the order of the catalogue', () => {
  expect(samples.map(({ id }) => id)).toEqual(errata.map(({ id }) => id));
});

it('an erratum without a sample that shows it is one that nothing shows', () => {
  expect(hidden.map(({ id }) => id)).toEqual(
    errata.filter(({ when }) => when.length === 0).map(({ id }) => id),
  );
});

describe('a sample', () => {
  it.each(shown.map((sample) => [sample.id, sample] as const))(
    'of %s matches as surely as it should',
    (id, sample) => {
      const found = matchErrata(sample.match?.evidence ?? {}).find((match) => match.id === id);
      expect(found?.strength).toBe(sample.match?.strength);
    },
  );

  it.each(shown.map((sample) => [sample.id, sample] as const))(
    'that nearly is %s does not match',
    (id, sample) => {
      expect(matchErrata(sample.nearMiss ?? {}).map((match) => match.id)).not.toContain(id);
    },
  );
});

/** What else the samples of an erratum match: what shows alike, or what comes with it. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  // The same lists of dumps show both halves of the generation.
  'mmio-dump-root-level-5': ['lookalike-unwalked-level', 'mmio-generation-upper-half'],
  'mmio-dump-pae-root': ['lookalike-unwalked-level', 'mmio-generation-upper-half'],
  'lookalike-unwalked-level': ['mmio-dump-pae-root', 'mmio-generation-upper-half'],
  'l1tf-split-on-amd': ['gpa-with-host-mask'],
  // One text, several causes.
  'mmio-value-hits-l1tf-mask': ['mmio-value-52bit-warning'],
  'mmio-value-52bit-warning': ['mmio-value-hits-l1tf-mask'],
  'zap-writes-plain-zero': ['prove-ve-kills-vm'],
  'prove-ve-kills-vm': ['zap-writes-plain-zero'],
  'gfn-beyond-maxphyaddr': ['tdp-iterator-skips', 'zap-all-leaks-tables'],
  'tdp-iterator-skips': ['gfn-beyond-maxphyaddr', 'zap-all-leaks-tables'],
  'invalid-roots-keep-pages': ['tdp-iterator-skips'],
  'shadow-uaf-gfn': ['shadow-uaf-role'],
  'shadow-uaf-role': ['shadow-uaf-gfn'],
  'page-fault-races-zap': ['write-track-other-as'],
};

it('the samples of an erratum match no other, but for those that show alike', () => {
  const others = shown.map(({ id, match }): [string, string[]] => [
    id,
    matchErrata(match?.evidence ?? {})
      .map((found) => found.id)
      .filter((found) => found !== id),
  ]);
  expect(Object.fromEntries(others.filter(([, ids]) => ids.length > 0))).toEqual(ALSO);
});

describe('of what nothing shows', () => {
  it.each(hidden.map(({ id, kernels }) => [id, kernels] as const))(
    '%s is known by the kernel',
    (id, kernels) => {
      const state = (release = ''): string => affectedKernel(erratumOf(id), readKernelRelease(release)).state;
      expect(state(kernels?.has)).toBe('inside');
      // What only looks like a bug is in any kernel.
      expect(kernels?.hasNot === '' ? 'outside' : state(kernels?.hasNot)).toBe('outside');
    },
  );
});
