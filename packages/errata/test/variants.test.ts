// SPDX-License-Identifier: GPL-2.0-only
import {
  byKernel,
  coreVariants,
  type KernelVersion,
  layouts,
  parseKernelVersion,
  type Since,
} from '@spte/core';
import { l1tfVariants } from '@spte/l1tf';
import { mmioVariants } from '@spte/mmio';
import { vmxVariants } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { errata } from '../src/index.ts';

// A fix that changes a rule is known twice: as what it fixes, and as how kernels differ. Both name its releases.

interface Row extends Since {
  readonly commits?: readonly string[];
}

interface Difference {
  readonly topic: string;
  readonly rows: readonly Row[];
  readonly rowOf: (kernel: KernelVersion) => Row;
}

const variants = [...coreVariants, ...mmioVariants, ...vmxVariants, ...l1tfVariants];
const differences: readonly Difference[] = [
  { topic: 'where bits are', rows: layouts, rowOf: byKernel<Row>(...layouts) },
  ...variants,
];

/** Releases of stable series with a fix, by the catalogue: `[commit, release]`. */
const stableFixes = errata.flatMap(({ fix, stable }) =>
  fix.flatMap((commit) => Object.values(stable).map((release) => [commit, release] as const)),
);

describe('a fix in a stable series that changes a rule', () => {
  const rows = differences.flatMap(({ topic, rows }) => rows.map((row) => ({ topic, row })));

  it.each(
    rows.flatMap(({ topic, row: { since, commits = [] } }) =>
      parseKernelVersion(since).patch === 0 || since.endsWith('.0')
        ? []
        : commits.map((commit) => [commit, since, topic] as const),
    ),
  )('is in the catalogue: %s in %s (%s)', (commit, since) => {
    expect(stableFixes).toContainEqual([commit, since]);
  });

  const told = stableFixes.flatMap(([commit, release]) =>
    differences
      .filter(({ rows }) => rows.some(({ commits = [] }) => commits.includes(commit)))
      .map((difference) => ({ commit, release, topic: difference.topic, difference })),
  );

  it('is told of some', () => {
    expect(told.length).toBeGreaterThan(10);
  });

  // Series that were not read, of which the catalogue knows one fix and the layouts not where bits are before it.
  const unread = ['5.5.3', '5.9.16'];

  it.each(told.filter(({ release }) => !unread.includes(release)))(
    'is in the rules since the release that the catalogue names: $commit in $release ($topic)',
    ({ commit, release, difference }) => {
      const first = parseKernelVersion(release);
      const has = (kernel: KernelVersion): boolean =>
        difference.rowOf(kernel).commits?.includes(commit) === true;
      expect([has({ ...first, patch: first.patch - 1 }), has(first)]).toEqual([false, true]);
    },
  );
});
