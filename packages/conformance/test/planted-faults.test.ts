// SPDX-License-Identifier: GPL-2.0-only
import {
  checkSpteWritableInvariants,
  decodeRole,
  isMmioSpte,
  isRsvdSpte,
  isShadowPresentPte,
  judgeSpte,
  type Mmu,
  observe,
} from '@spte/core';
import { eptMisconfig } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { mmuFactory } from '../src/configure.ts';
import { parseVector, type Vector } from '../src/vector.ts';
import { eraLines } from './corpus.ts';

const mmuOf = mmuFactory();

/** What the rules of the kernel, and the CPU, refuse: the yardstick, which does not look at findings. */
function isIllegal(mmu: Mmu, { config }: Vector, spte: bigint, level: number): boolean {
  if (!isShadowPresentPte(mmu, spte) || isMmioSpte(mmu, spte)) return true;
  if (isRsvdSpte(mmu.zeroCheck, spte, level)) return true;
  if (observe(mmu, (mmu) => checkSpteWritableInvariants(mmu, spte)).warnings.length > 0) return true;
  const cpu = {
    maxPhyAddr: mmu.masks.shadowPhysBits,
    execOnly: config.flag('eptExecOnly'),
    maxPageLevel: mmu.masks.maxHugePageLevel,
  };
  return mmu.masks.x !== 0n && eptMisconfig(cpu, spte, level).length > 0;
}

interface Leaf {
  readonly vector: Vector;
  readonly mmu: Mmu;
  readonly spte: bigint;
  readonly level: number;
}

/** Every leaf that the vectors built and that is clean. */
const leaves = eraLines.map(parseVector).flatMap((vector): Leaf[] => {
  if (vector.fn !== 'make_spte') return [];
  const mmu = mmuOf(vector);
  const { level } = decodeRole(vector.args.u32('roleWord'), mmu.kernel);
  const spte = BigInt((vector.result as { newSpte: string }).newSpte);
  const clean = !isIllegal(mmu, vector, spte, level) && judgeSpte(mmu, spte, level).length === 0;
  return clean ? [{ vector, mmu, spte, level }] : [];
});

const flips = leaves.flatMap((leaf) =>
  Array.from({ length: 64 }, (_, bit) => {
    const spte = leaf.spte ^ (1n << BigInt(bit));
    const errors = judgeSpte(leaf.mmu, spte, leaf.level).filter(({ severity }) => severity === 'error');
    return { bit, spte, illegal: isIllegal(leaf.mmu, leaf.vector, spte, leaf.level), errors };
  }),
);

describe('a single bit that flips in a clean leaf', () => {
  it('is tried in many leaves of every kernel', () => {
    expect(leaves.length).toBeGreaterThan(400);
    expect(flips.filter(({ illegal }) => illegal).length).toBeGreaterThan(5000);
  });

  it('is reported whenever it makes the entry illegal, and named', () => {
    const missed = flips.filter(
      ({ illegal, bit, errors }) => illegal && !errors.some(({ bits }) => bits.includes(bit)),
    );
    expect(missed).toEqual([]);
  });

  it('is no error where the entry stays legal', () => {
    expect(flips.filter(({ illegal, errors }) => !illegal && errors.length > 0)).toEqual([]);
  });
});
