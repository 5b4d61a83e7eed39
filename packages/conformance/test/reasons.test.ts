// SPDX-License-Identifier: GPL-2.0-only
import {
  decodeRole,
  hex,
  type Mmu,
  makeHugePageSplitSpte,
  makeHugeSpte,
  observe,
  type Reason,
} from '@spte/core';
import { describe, expect, it } from 'vitest';
import { mmuFactory } from '../../vectors/src/configure.ts';
import { functions } from '../../vectors/src/functions.ts';
import { recordingHost } from '../../vectors/src/recording-host.ts';
import { type Fields, type JsonObject, parseVector, type Vector } from '../../vectors/src/vector.ts';
import { eraLines, parseRaw } from '../../vectors/test/corpus.ts';

/** Functions that state a reason for every bit of the SPTE that they return. */
const BUILDERS = [
  'make_spte',
  'make_mmio_spte',
  'make_nonleaf_spte',
  'make_huge_page_split_spte',
  'make_small_spte',
  'make_huge_spte',
  'kvm_mmu_changed_pte_notifier_make_spte',
];

/** Functions that take an SPTE as it is and state reasons for what they change in it. */
const TRANSFORMERS = [
  'make_spte_executable',
  'change_spte_executable',
  'modify_spte_protections',
  'mark_spte_for_access_track',
  'restore_acc_track_spte',
];

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

type Build = (mmu: Mmu, args: Fields) => JsonObject;

const split: Build = (mmu, args) => {
  const role = decodeRole(args.u32('roleWord'), mmu.kernel);
  const host = recordingHost(args);
  return { spte: hex(makeHugePageSplitSpte(mmu, host, args.u64('hugeSpte'), role, args.int('index'))) };
};

/** Functions whose runner listens itself, so that the reasons do not come through it. */
const direct: Readonly<Record<string, Build>> = {
  make_huge_page_split_spte: split,
  make_small_spte: split,
  make_huge_spte: (mmu, args) => ({
    spte: hex(makeHugeSpte(mmu, recordingHost(args), args.u64('smallSpte'), args.int('level'))),
  }),
};

function build(vector: Vector, line: number): Built {
  const run =
    direct[vector.fn] ??
    ((mmu: Mmu, args: Fields): JsonObject =>
      functions[vector.fn]?.({ mmu, args, config: vector.config }) ?? {});
  const mmu = mmuOf(vector);
  const { args } = vector;
  const { value, reasons } = observe(mmu, (mmu) => run(mmu, args));
  return {
    line,
    before: TRANSFORMERS.includes(vector.fn) ? args.u64('spte') : 0n,
    expected: spteOf(vector.result),
    silent: spteOf(run(mmu, args)),
    observed: spteOf(value),
    reasons,
  };
}

/** What the vectors of each function build. */
const allBuilt: Readonly<Record<string, Built[]>> = Object.fromEntries(
  [...BUILDERS, ...TRANSFORMERS].map((fn) => [fn, []]),
);
for (const [i, text] of eraLines.entries()) {
  allBuilt[parseRaw(text).fn]?.push(build(parseVector(text), i + 1));
}

const builtBy = (fn: string): readonly Built[] => allBuilt[fn] ?? [];

const sum = (reasons: readonly Reason[]): bigint => reasons.reduce((bits, reason) => bits | reason.bits, 0n);

describe.each([...BUILDERS, ...TRANSFORMERS])('%s', (fn) => {
  const built = builtBy(fn);

  it('has vectors', () => {
    expect(built.length).toBeGreaterThan(10);
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
        expect({ line, bits }).not.toEqual({ line, bits: 0n });
        expect(rule).toMatch(/^[a-z_]+$/);
        expect(why.length).toBeGreaterThan(5);
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
