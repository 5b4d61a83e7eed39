// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ADDRESS, createMmu, type Mmu, makeSpte, pageRole, plainHost, type Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { random } from '@spte/testing/random';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/index.ts';
import { KERNELS, machine, machines } from './machines.ts';
import { LEVELS, ROWS, rowDifferences } from './patterns.ts';
import { differences, findingDifferences, kindDifferences } from './scalar.ts';

/** The masks of an MMU that tell entries apart by their address, and parts of them. */
function addresses({ masks, zeroCheck }: Mmu, next: () => bigint): bigint[] {
  const whole = [
    masks.mmioMask,
    masks.vmMmioValue,
    masks.meMask,
    masks.meValue,
    masks.nonpresentOrRsvd,
    masks.nonpresentOrRsvd << 5n,
    masks.lowerGfn,
    masks.baseAddr,
    ...zeroCheck.bit7Clear,
    ...zeroCheck.bit7Set,
  ].map((mask) => mask & ADDRESS);
  const partly = whole.map((mask) => mask & next());
  const singles = Array.from({ length: 40 }, (_, n) => 1n << BigInt(n + 12));
  return [...new Set([0n, ADDRESS, ...whole, ...partly, ...singles, next() & ADDRESS, next() & ADDRESS])];
}

/** Attributes that mean something on this machine, with bits of them flipped. */
function meaningful({ masks, layout }: Mmu): bigint[] {
  const present = layout.mmuPresent?.mask ?? 0n;
  const permissions = masks.present | masks.user | masks.x | 3n;
  const bases = [
    0n,
    layout.empty,
    layout.frozen ?? 0n,
    masks.vmMmioValue,
    masks.vmMmioValue | (layout.mmioMarker?.mask ?? 0n),
    masks.vmMmioValue | layout.mmioGeneration.high.mask | present,
    present | permissions | masks.accessed | masks.dirty | masks.hostWritable | masks.mmuWritable,
    present | permissions | masks.memtype | (1n << 7n),
    present | layout.adType.mask | masks.present,
    present | (1n << layout.adType.shift) | (layout.savedBits.mask << layout.savedBits.shift),
  ].map((base) => base & ~ADDRESS);
  return [...new Set(bases.flatMap((base) => [base, base ^ 1n, base ^ (1n << 7n), base ^ (1n << 11n)]))];
}

describe.each(Object.keys(machines))('%s', (name) => {
  describe.each(KERNELS)('kernel %s', (kernel) => {
    it('says what core says, whatever the address', () => {
      const mmu = machine(name, kernel);
      const engine = compile(mmu);
      const next = random(1).u64;
      const places = addresses(mmu, next);
      const entries = meaningful(mmu).flatMap((attributes) =>
        places.filter((_, n) => n < 3 || next() % 8n === 0n).map((address) => attributes | address),
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
      for (let row = 0; row < ROWS; row += 129) expect(rowDifferences(engine, row, next, 97)).toEqual([]);
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
      { numRuns: 40 },
    );
  }, 60_000);
});

interface RealRun {
  readonly run: string;
  readonly config: {
    readonly kernel: string;
    readonly vendor: 'vmx' | 'svm';
    readonly physBits: number;
    readonly l1tf: boolean;
    readonly gbpages: boolean;
    readonly mmioCaching: boolean;
    readonly nxHugePages: boolean;
    readonly ept?: boolean;
    readonly eptAd?: boolean;
    readonly npt?: boolean;
  };
  readonly sptes: readonly (readonly [value: string, level: number | null])[];
}

// What real kernels wrote: packages/conformance/real/README.md.
const real = new URL('../../conformance/real/runs.json.gz', import.meta.url);
const realRuns = JSON.parse(gunzipSync(readFileSync(real)).toString('utf8')) as RealRun[];

function mmuOf({ config }: RealRun): Mmu {
  const { ept = true, eptAd = true, npt = true } = config;
  const vendor: Vendor = config.vendor === 'vmx' ? vmx({ ept, eptAd, pml: false }) : svm({ npt });
  return createMmu({
    kernel: config.kernel,
    host: {
      physBits: config.physBits,
      cacheBits: config.vendor === 'vmx' ? 44 : config.physBits,
      l1tf: config.l1tf,
      gbpages: config.gbpages,
    },
    params: { nxHugePages: config.nxHugePages },
    policies: [l1tf, mmio({ mmioCaching: config.mmioCaching })],
    vendor,
    root: { level: 5 },
  });
}

it.each(realRuns.map((run): [string, RealRun] => [run.run, run]))('the real entries of %s', (_name, run) => {
  const engine = compile(mmuOf(run));
  for (const level of LEVELS) {
    const entries = run.sptes
      .filter(([, at]) => at === level)
      .map(([value]) => BigInt(`0x${value.replace(/^0x/, '')}`));
    expect(differences(engine, BigUint64Array.from(entries), level)).toEqual([]);
  }
  const entries = BigUint64Array.from(run.sptes, ([value]) => BigInt(`0x${value.replace(/^0x/, '')}`));
  const levels = Uint8Array.from(run.sptes, ([, level]) => level ?? 0);
  // Healthy kernels: nothing to find, at whatever level each entry is.
  expect(engine.judge(entries, levels).every((bitmap) => bitmap === 0)).toBe(true);
  expect(engine.fallbacks).toEqual([]);
});
