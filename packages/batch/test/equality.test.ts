// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, makeSpte, pageRole, plainHost } from '@spte/core';
import { addresses, meaningful } from '@spte/testing/entries';
import { random } from '@spte/testing/random';
import { type RealRun, realRuns, word } from '@spte/testing/real-runs';
import { mmuOfRun } from '@spte/testing/runs';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/index.ts';
import { KERNELS, machine, machines } from './machines.ts';
import { LEVELS, ROWS, rowDifferences } from './patterns.ts';
import { differences, findingDifferences, kindDifferences } from './scalar.ts';

/** Every machine and every kernel, each with some of the others; in the long run each with each. */
const kernelsOf = (name: string): readonly string[] =>
  KERNELS.filter((_kernel, k) => sampled((Object.keys(machines).indexOf(name) + k) % 5 === 0, true));

describe.each(Object.keys(machines))('%s', (name) => {
  describe.each(kernelsOf(name))('kernel %s', (kernel) => {
    it('says what core says, whatever the address', () => {
      const mmu = machine(name, kernel);
      const engine = compile(mmu);
      const next = random(1).u64;
      const places = addresses(mmu, next);
      const entries = meaningful(mmu).flatMap((attributes) =>
        places
          .filter((_, n) => n < 3 || next() % sampled(24n, 8n) === 0n)
          .map((address) => attributes | address),
      );
      const sample = BigUint64Array.from(entries);
      for (const level of LEVELS) {
        // What an entry taught the table must hold for the others of its pattern.
        expect(kindDifferences(engine, sample, level)).toEqual([]);
        const some = sample.filter((_, n) => n % 23 === (level ?? 0));
        expect(differences(engine, some, level)).toEqual([]);
      }
      // Huge pages have offset bits in the address.
      for (const level of [2, 3, 4, 5]) {
        const { spte } = makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0n, pfn: 0n });
        const pages = BigUint64Array.from(places, (address) => spte | address);
        expect(findingDifferences(engine, pages, level)).toEqual([]);
      }
      expect(engine.fallbacks).toEqual([]);
      expect(engine.tableBytes).toBeLessThan(4 << 20);
    });

    // `pnpm exhaustive` looks at all of them.
    it('says what core says over the attribute patterns, sampled', () => {
      const engine = compile(machine(name, kernel));
      const next = random(2).u64;
      const [step, stride] = sampled([517, 97], [129, 41]);
      for (let row = 0; row < ROWS; row += step)
        expect(rowDifferences(engine, row, next, stride)).toEqual([]);
      expect(engine.fallbacks).toEqual([]);
    });
  });
});

const anyMachine = fc
  .tuple(fc.constantFrom(...Object.keys(machines)), fc.constantFrom(...KERNELS))
  .map(([name, kernel]) => machine(name, kernel));
const anyWord = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc
    .uniqueArray(fc.bigInt({ min: 0n, max: 63n }), { maxLength: 12 })
    .map((numbers) => numbers.reduce((word, n) => word | (1n << n), 0n)),
);

describe('any entry', () => {
  it('is what core says it is, with any neighbours', () => {
    fc.assert(
      fc.property(
        anyMachine,
        fc.array(anyWord, { maxLength: 20 }),
        fc.array(fc.bigInt({ min: 0n, max: ADDRESS >> 12n }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...LEVELS),
        (mmu, attributes, frames, level) => {
          const entries = attributes.flatMap((word) => [
            word,
            ...frames.map((frame) => (word & ~ADDRESS) | (frame << 12n)),
          ]);
          const engine = compile(mmu);
          expect(differences(engine, BigUint64Array.from(entries), level)).toEqual([]);
          expect(engine.fallbacks).toEqual([]);
        },
      ),
      { numRuns: sampled(8, 40) },
    );
  }, 60_000);
});

// What real kernels wrote: packages/conformance/real/README.md.
it.each(realRuns.map((run): [string, RealRun] => [run.run, run]))('the real entries of %s', (_name, run) => {
  const engine = compile(mmuOfRun(run.run));
  for (const level of LEVELS) {
    const entries = run.sptes.filter(([, at]) => at === level).map(([value]) => word(value));
    expect(differences(engine, BigUint64Array.from(entries), level)).toEqual([]);
  }
  const entries = BigUint64Array.from(run.sptes, ([value]) => word(value));
  const levels = Uint8Array.from(run.sptes, ([, level]) => level ?? 0);
  // Healthy kernels: nothing to find, at whatever level each entry is.
  expect(engine.judge(entries, levels).every((bitmap) => bitmap === 0)).toBe(true);
  expect(engine.fallbacks).toEqual([]);
});
