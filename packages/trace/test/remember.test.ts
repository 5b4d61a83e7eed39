// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { largestMap } from '@spte/testing/largest-map';
import { sampled } from '@spte/testing/sampled';
import type { SpteRole } from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotateSpte } from '../src/annotate/annotate-spte.ts';
import { rememberSptes } from '../src/annotate/remember-sptes.ts';
import { encrypting, mmuOfRun, recordsOf, traces } from './runs.ts';

const MACHINES: [string, Mmu][] = [
  ...[...new Set(traces.map(([run]) => run))].map((run): [string, Mmu] => [run, mmuOfRun(run)]),
  ...Object.entries(encrypting),
];

/** Entries of every kind, of all kernels: machines get those of others as well. */
const VALUES = [
  ...new Set(
    traces.flatMap(([, , text]) => recordsOf(text).flatMap(({ sptes }) => sptes.map(({ value }) => value))),
  ),
].filter((_, i) => i % 7 === 0);

const ROLES: readonly SpteRole[] = ['spte', 'old', 'new', 'hierarchy', 'guest'];

describe('what is remembered of an entry', () => {
  it.each(MACHINES)('is what would be found anew: %s', (_name, mmu) => {
    const about = rememberSptes(mmu);
    const entry = fc.record({
      value: fc
        .tuple(
          fc.constantFrom(...VALUES),
          fc.array(fc.nat(63), { maxLength: 4 }),
          fc.constantFrom(0n, mmu.masks.meValue),
        )
        .map(([value, flips, more]) => flips.reduce((spte, bit) => spte ^ (1n << BigInt(bit)), value ^ more)),
      role: fc.constantFrom(...ROLES),
      level: fc.constantFrom(null, 1, 1, 2, 3, 4, 5),
    });
    // The address that comes after is another one, and mostly tells nothing.
    const frame = fc
      .tuple(fc.bigInt({ min: 0n, max: (1n << 26n) - 1n }), fc.constantFrom(0n, mmu.masks.meMask >> 12n))
      .map(([pfn, more]) => pfn ^ more);
    fc.assert(
      fc.property(
        entry,
        fc.array(frame, { maxLength: 3 }),
        fc.constantFrom(null, '0x10'),
        (spte, frames, gfn) => {
          const others = frames.map((pfn) => ({ ...spte, value: spte.value ^ (pfn << 12n) }));
          for (const one of [spte, ...others]) {
            const found = annotateSpte(one, mmu, gfn);
            expect(about(one, gfn)).toEqual(found.kind === 'mmio' ? found : { ...found, gfn });
          }
        },
      ),
      { numRuns: Number(process.env['SPTE_FUZZ_RUNS'] ?? sampled(30, 100)) },
    );
  });

  it('of the guest is not what is said of an SPTE of the same value, at any level', () => {
    const mmu = mmuOfRun('vmx61-ept-noad');
    for (const level of [1, 2, 3, 4, 5, null]) {
      const about = rememberSptes(mmu);
      for (const role of ['guest', 'spte'] as const) {
        const spte = { role, level, value: 0x67n };
        expect(about(spte, null)).toEqual(annotateSpte(spte, mmu, null));
      }
    }
  });

  it('is kept for 16,384 values of the guest, and for none more', () => {
    const about = rememberSptes(mmuOfRun('vmx61-ept-noad'));
    const values = Array.from({ length: 20_000 }, (_, i) => 0x67n | (BigInt(i) << 12n));
    const largest = largestMap(() => {
      for (const value of values) about({ role: 'guest', level: 1, value }, null);
    });
    expect(largest).toBe(1 << 14);
  });
});
