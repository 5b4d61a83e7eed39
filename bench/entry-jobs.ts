// SPDX-License-Identifier: GPL-2.0-only
// What `entry.bench.ts` measures, bundled once for each checkout.

import {
  createMmu,
  decodeSpte,
  explainSpte,
  judgeSpte,
  makeNonleafSpte,
  makeSpte,
  pageRole,
  plainHost,
} from '../packages/core/src/index.ts';
import { l1tf } from '../packages/l1tf/src/index.ts';
import { makeMmioSpte, mmio } from '../packages/mmio/src/index.ts';
import { createAnnotator, parseLine } from '../packages/trace/src/index.ts';
import { svm } from '../packages/vendor-svm/src/index.ts';
import { vmx } from '../packages/vendor-vmx/src/index.ts';

const mmus = [
  createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [l1tf, mmio()] }),
  createMmu({ kernel: '6.12', host: { physBits: 48 }, vendor: svm(), policies: [l1tf, mmio()] }),
];

/** Entries of each round. */
export const count = 2000;

type Entry = readonly [spte: bigint, level: number];

const entries = (kind: 'mapped' | 'mmio' | 'unknown', seed: bigint) =>
  mmus.flatMap((mmu) =>
    Array.from({ length: count / mmus.length }, (_, i): [typeof mmu, Entry] => {
      const n = (seed * 1000n + BigInt(i)) & 0xfffffn;
      if (kind === 'mmio') return [mmu, [makeMmioSpte(mmu, plainHost, n, 7), 1]];
      // Bits 62:52 and 10:9 count, so that no two entries have the same pattern.
      if (kind === 'unknown') return [mmu, [((n & 0x7ffn) << 52n) | (((n >> 11n) & 3n) << 9n) | 0x1025n, 1]];
      if (i % 8 === 0) return [mmu, [makeNonleafSpte(mmu, n << 12n, false), 2]];
      return [
        mmu,
        [
          makeSpte(mmu, plainHost, {
            role: pageRole({ level: i % 16 === 1 ? 2 : 1 }),
            gfn: n << 9n,
            pfn: n << 9n,
          }).spte,
          i % 16 === 1 ? 2 : 1,
        ],
      ];
    }),
  );

const prepared = new Map<string, ReturnType<typeof entries>>();
const of = (kind: 'mapped' | 'mmio' | 'unknown', seed: bigint) => {
  const key = `${kind} ${seed & 7n}`;
  const known = prepared.get(key) ?? entries(kind, seed & 7n);
  prepared.set(key, known);
  return known;
};
for (let seed = 0n; seed < 8n; seed++)
  for (const kind of ['mapped', 'mmio', 'unknown'] as const) of(kind, seed);

const job =
  (
    kind: 'mapped' | 'mmio' | 'unknown',
    work: (mmu: (typeof mmus)[number], spte: bigint, level: number) => unknown,
  ) =>
  (seed: bigint): void => {
    for (const [mmu, [spte, level]] of of(kind, seed)) work(mmu, spte, level);
  };

const records = new Map<string, NonNullable<ReturnType<typeof parseLine>>[]>();

/** Lines with entries that a fresh annotator has not seen. */
function annotateLines(kind: 'mmio' | 'unknown', seed: bigint): void {
  const key = `${kind} ${seed & 7n}`;
  let lines = records.get(key);
  if (lines === undefined) {
    lines = of(kind, seed).flatMap(
      ([, [spte]]) =>
        parseLine(`kvm_mmu_set_spte: gfn 1 spte ${spte.toString(16)} (rwx-) level 1 at 1000`) ?? [],
    );
    records.set(key, lines);
  }
  const annotators = mmus.map((mmu) => createAnnotator(mmu));
  for (const [i, line] of lines.entries()) annotators[i < count / 2 ? 0 : 1]?.(line);
}

export const jobs: Readonly<Record<string, (seed: bigint) => void>> = {
  'decode and judge, mapped': job('mapped', (mmu, spte, level) => [
    decodeSpte(mmu, spte, level),
    judgeSpte(mmu, spte, level),
  ]),
  'decode and judge, MMIO': job('mmio', (mmu, spte, level) => [
    decodeSpte(mmu, spte, level),
    judgeSpte(mmu, spte, level),
  ]),
  'decode and judge, no kind': job('unknown', (mmu, spte, level) => [
    decodeSpte(mmu, spte, level),
    judgeSpte(mmu, spte, level),
  ]),
  'judge, mapped': job('mapped', judgeSpte),
  'judge, MMIO': job('mmio', judgeSpte),
  'judge, no kind': job('unknown', judgeSpte),
  'decode, mapped': job('mapped', decodeSpte),
  'annotator, first sight of MMIO': (seed) => annotateLines('mmio', seed),
  'annotator, first sight of no kind': (seed) => annotateLines('unknown', seed),
  'explain, mapped': job('mapped', explainSpte),
  'explain, MMIO': job('mmio', explainSpte),
  'explain, no kind': job('unknown', explainSpte),
};
