// SPDX-License-Identifier: GPL-2.0-only
import { observe, type Reason } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { mmuFactory } from '../src/configure.ts';
import { functions } from '../src/functions.ts';
import { parseVector, type Vector } from '../src/vector.ts';
import { allLines, parseRaw } from './corpus.ts';

/** Functions that state a reason for every bit of the SPTE that they return. */
const BUILDERS = [
  'make_spte',
  'make_mmio_spte',
  'make_nonleaf_spte',
  'make_huge_page_split_spte',
  'kvm_mmu_changed_pte_notifier_make_spte',
];

/** Functions that take an SPTE as it is and state reasons for what they change in it. */
const TRANSFORMERS = ['make_spte_executable', 'mark_spte_for_access_track', 'restore_acc_track_spte'];

interface Built {
  /** Line among all vectors, from 1. */
  readonly line: number;
  /** The SPTE handed in, 0 for a builder. */
  readonly before: bigint;
  readonly expected: bigint;
  readonly silent: bigint;
  readonly observed: bigint;
  readonly reasons: readonly Reason[];
}

const mmuOf = mmuFactory();

const spteOf = (result: unknown): bigint => {
  const { spte, newSpte = spte } = result as { spte?: string; newSpte?: string };
  return BigInt(newSpte ?? 'none');
};

function build(vector: Vector, line: number): Built {
  const run = functions[vector.fn];
  if (run === undefined) throw new Error(`no function ${vector.fn}`);
  const mmu = mmuOf(vector);
  const { args, config } = vector;
  const { value, reasons } = observe(mmu, (mmu) => run({ mmu, args, config }));
  return {
    line,
    before: TRANSFORMERS.includes(vector.fn) ? args.u64('spte') : 0n,
    expected: spteOf(vector.result),
    silent: spteOf(run({ mmu, args, config })),
    observed: spteOf(value),
    reasons,
  };
}

const builtBy = (fn: string): Built[] =>
  allLines.flatMap((text, i) => (parseRaw(text).fn === fn ? [build(parseVector(text), i + 1)] : []));

const sum = (reasons: readonly Reason[]): bigint => reasons.reduce((bits, reason) => bits | reason.bits, 0n);

describe.each([...BUILDERS, ...TRANSFORMERS])('%s', (fn) => {
  const built = builtBy(fn);

  it('has vectors', () => {
    expect(built.length).toBeGreaterThan(50);
  });

  it('returns the same SPTE whether or not anyone asks for reasons', () => {
    for (const { line, expected, silent, observed } of built) {
      expect({ line, silent, observed }).toEqual({ line, silent: expected, observed: expected });
    }
  });

  it('states no reason for a bit that the SPTE does not have', () => {
    for (const { line, observed, reasons } of built) {
      expect({ line, bits: sum(reasons) & ~observed }).toEqual({ line, bits: 0n });
    }
  });

  it('states no empty reason, and each in words with a rule of the kernel', () => {
    for (const { line, reasons } of built) {
      for (const { bits, rule, why } of reasons) {
        expect(bits, `line ${line}`).not.toBe(0n);
        expect(rule, `line ${line}`).toMatch(/^[a-z_]+$/);
        expect(why.length, `line ${line}`).toBeGreaterThan(5);
      }
    }
  });
});

describe.each(BUILDERS)('%s', (fn) => {
  it('states a reason for every bit of the SPTE', () => {
    for (const { line, observed, reasons } of builtBy(fn)) {
      expect({ line, bits: sum(reasons) }).toEqual({ line, bits: observed });
    }
  });
});

describe.each(TRANSFORMERS)('%s', (fn) => {
  it('states a reason for every bit that the SPTE did not have before', () => {
    for (const { line, before, observed, reasons } of builtBy(fn)) {
      expect({ line, bits: observed & ~before & ~sum(reasons) }).toEqual({ line, bits: 0n });
    }
  });
});
