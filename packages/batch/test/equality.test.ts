// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bits, createMmu, type Mmu, makeSpte, pageRole, plainHost, type Vendor } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/index.ts';
import { KERNELS, machine, machines } from './machines.ts';
import { sameAsScalar, sameFindings, sameKinds } from './scalar.ts';

const LEVELS = [1, 2, 3, 4, 5, null];
const ADDRESS = bits(51, 12);

/** Pseudo-random 64-bit words, the same in every run. */
function words(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  };
}

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

/** The attribute patterns numbered from `first` in steps of `stride`, of the 2^24. */
function* patterns(first: number, stride: number): Generator<bigint> {
  for (let n = first; n < 1 << 24; n += stride) yield (BigInt(n >> 12) << 52n) | BigInt(n & 0xfff);
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
      const next = words(1n);
      const places = addresses(mmu, next);
      const entries = meaningful(mmu).flatMap((attributes) =>
        places.filter((_, n) => n < 3 || next() % 8n === 0n).map((address) => attributes | address),
      );
      const sample = BigUint64Array.from(entries);
      for (const level of LEVELS) {
        // What an entry taught the table must hold for the others of its pattern.
        sameKinds(engine, sample, level);
        sameAsScalar(
          engine,
          sample.filter((_, n) => n % 23 === (level ?? 0)),
          level,
        );
      }
      // Huge pages have offset bits in the address.
      for (const level of [2, 3, 4, 5]) {
        const { spte } = makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0n, pfn: 0n });
        sameFindings(
          engine,
          BigUint64Array.from(places, (address) => spte | address),
          level,
        );
      }
      expect(engine.fallbacks).toEqual([]);
      expect(engine.tableBytes).toBeLessThan(4 << 20);
    });

    it('says what core says over the attribute patterns, sampled', () => {
      const mmu = machine(name, kernel);
      const engine = compile(mmu);
      const next = words(2n);
      const sample = [...patterns(0, 160_009)].flatMap((attributes) => [
        attributes,
        attributes | (next() & ADDRESS),
      ]);
      for (const level of [1, 2, null]) sameAsScalar(engine, BigUint64Array.from(sample), level);
      expect(engine.fallbacks).toEqual([]);
    });
  });
});

/** `SPTE_EXHAUSTIVE='EPT with A/D@6.8;NPT@7.3'`: all that the engine says of all 2^24 patterns, with two addresses each. */
const exhaustive = (process.env['SPTE_EXHAUSTIVE'] ?? '').split(';').filter((name) => name !== '');

describe.skipIf(exhaustive.length === 0)('all 2^24 attribute patterns', () => {
  it.each(exhaustive)('%s', { timeout: 7_200_000 }, (which) => {
    const [name = '', kernel = ''] = which.split('@');
    const engine = compile(machine(name, kernel));
    const next = words(3n);
    const chunk = new BigUint64Array(1 << 13);
    let filled = 0;
    let chunks = 0;
    for (const attributes of patterns(0, 1)) {
      // The second address, of another chunk, meets what the first one taught the table.
      chunk[filled++] = attributes | (next() & ADDRESS & ((1n << 36n) - 1n));
      if (filled < chunk.length) continue;
      const level = LEVELS[chunks++ % LEVELS.length] ?? null;
      sameAsScalar(engine, chunk, level);
      sameAsScalar(
        engine,
        chunk.map((entry) => entry ^ (next() & ADDRESS & ((1n << 36n) - 1n))),
        level,
      );
      filled = 0;
    }
    expect(chunks).toBe(2 ** 24 / chunk.length);
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
          sameAsScalar(engine, BigUint64Array.from(entries), level);
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
    sameAsScalar(engine, BigUint64Array.from(entries), level);
  }
  const entries = BigUint64Array.from(run.sptes, ([value]) => BigInt(`0x${value.replace(/^0x/, '')}`));
  const levels = Uint8Array.from(run.sptes, ([, level]) => level ?? 0);
  // Healthy kernels: nothing to find, at whatever level each entry is.
  expect(engine.judge(entries, levels).every((bitmap) => bitmap === 0)).toBe(true);
  expect(engine.fallbacks).toEqual([]);
});
