// SPDX-License-Identifier: GPL-2.0-only
import {
  checkSpteWritableInvariants,
  decodeRole,
  isMmioSpte,
  isPresentKind,
  isRsvdSpte,
  isShadowPresentPte,
  judgeSpte,
  kernelHas,
  type Mmu,
  observe,
  spteKind,
  upstreamKernel,
} from '@spte/core';
import { eptMisconfig } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';
import { mmuFactory } from '../../vectors/src/configure.ts';
import { parseVector, type Vector } from '../../vectors/src/vector.ts';
import { eraLines } from '../../vectors/test/corpus.ts';

const mmuOf = mmuFactory();

/** What the rules of the kernel, and the CPU, refuse: the yardstick, which does not look at findings. */
function isIllegal(mmu: Mmu, { config }: Vector, spte: bigint, level: number): boolean {
  if (!isShadowPresentPte(mmu, spte) || isMmioSpte(mmu, spte)) return true;
  if (isRsvdSpte(mmu.zeroCheck, spte, level)) return true;
  // What writable bits say was the same before there was a function that looks at it.
  const kernel = kernelHas(mmu.kernel, 'check_spte_writable_invariants') ? mmu.kernel : upstreamKernel();
  const checked = observe({ ...mmu, kernel }, (mmu) => checkSpteWritableInvariants(mmu, spte));
  if (checked.warnings.length > 0) return true;
  const { kind, ept12ExecOnly } = mmu.root;
  const cpu = {
    maxPhyAddr: mmu.masks.shadowPhysBits,
    // Some vectors offer a nested guest what the CPU lacks.
    execOnly: config.flag('eptExecOnly') || (kind === 'ept12' && ept12ExecOnly),
    maxPageLevel: mmu.masks.maxHugePageLevel,
  };
  // Some vectors have masks of EPT in an MMU of shadow paging, whose zero check knows no EPT permissions.
  const isEpt = mmu.masks.x !== 0n && (kind === 'tdp' || kind === 'ept12');
  return isEpt && eptMisconfig(cpu, spte, level).length > 0;
}

/**
 * Whether a bit made something else of a leaf than a damaged one: before 5.13, where no bit stands for "present", an MMIO
 * entry or nothing that KVM writes.
 */
function isOtherKind(mmu: Mmu, spte: bigint, level: number): boolean {
  return mmu.layout.mmuPresent === null && !isPresentKind(spteKind(mmu, spte, level));
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
  Array.from({ length: 64 }, (_, bit) => bit).flatMap((bit) => {
    const spte = leaf.spte ^ (1n << BigInt(bit));
    if (isOtherKind(leaf.mmu, spte, leaf.level)) return [];
    const errors = judgeSpte(leaf.mmu, spte, leaf.level).filter(({ severity }) => severity === 'error');
    return [{ bit, spte, illegal: isIllegal(leaf.mmu, leaf.vector, spte, leaf.level), errors }];
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
