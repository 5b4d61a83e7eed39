// SPDX-License-Identifier: GPL-2.0-only
import { hex, summarizeSpte } from '@spte/core';
import { realRuns, word } from '@spte/testing/real-runs';
import { mmuOfRun } from '@spte/testing/runs';
import { oneIn } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';
import { type Evidence, machineEvidence, matchErrata, PREDICATES } from '../src/index.ts';
import { changeOn, spteOn } from './evidence-of.ts';

/** What real kernels did of which the catalogue knows: up to 5.12 the TDP MMU clears A and D together. */
const KNOWN: Readonly<Record<string, string>> = { 'svm510-npt-tdp': 'is age-clears-dirty' };

/** A huge leaf with NX in NPT, up to 5.19, is what that bug is about, whoever set the bit. */
const IS_THE_BUG = 'looks like npt-nx-reserved';
const NX = 1n << 63n;

const named = realRuns.map(({ run }, index): [string, number] => [run, index]);

describe.each(named)('the real kernel of %s', (run, index) => {
  const { sptes = [], changes = [], mmio = [] } = realRuns[index] ?? {};
  const mmu = mmuOfRun(run);
  const machine = machineEvidence(mmu, 'given', 'given');
  const found = (evidence: Evidence): string[] =>
    matchErrata({ ...machine, ...evidence })
      .filter(({ erratum }) => erratum.kind !== 'look-alike')
      .map(({ id, strength }) => `${strength} ${id}`);

  it('wrote no entry of a known bug', () => {
    const bad = oneIn(16, sptes).flatMap(([value, level]) =>
      found({ sptes: [spteOn(mmu, word(value), level)] }).map((match) => `${value} ${match}`),
    );
    expect(bad).toEqual([]);
  });

  it('has no entry that one flipped bit makes one of a known bug, but for the bit that is the bug', () => {
    const flipped = oneIn(
      20,
      sptes.filter((_, at) => at % 30 === 0),
    ).flatMap(([value, level]) =>
      Array.from({ length: 64 }, (_, n) => spteOn(mmu, word(value) ^ (1n << BigInt(n)), level)),
    );
    const bad = flipped
      .filter(({ findings }) => findings.length > 0)
      .flatMap((spte) =>
        found({ sptes: [spte] })
          .filter((match) => match !== IS_THE_BUG || (spte.value & NX) === 0n)
          .map((match) => `${hex(spte.value)} ${match}`),
      );
    expect(bad).toEqual([]);
  });

  it('made no change of a known bug', () => {
    const bad = oneIn(32, changes).flatMap(([from, to, level]) =>
      found(changeOn(mmu, word(from), word(to), level))
        .filter((match) => match !== KNOWN[run])
        .map((match) => `${from} ${to} ${match}`),
    );
    expect(bad).toEqual([]);
  });

  it('wrote no MMIO entry with equal halves of a generation', () => {
    const values = [...mmio.map(([, , , spte]) => spte), ...sptes.map(([value]) => value)].map(word);
    const entries = values.filter((value) => summarizeSpte(mmu, value, 1).kind === 'mmio');
    expect(entries.filter((value) => PREDICATES['generation-halves-equal'](value, null) === true)).toEqual(
      [],
    );
  });
});

it('equal halves of a generation are seen in both public dumps of 5.10-rc', () => {
  const halves = PREDICATES['generation-halves-equal'];
  expect([0x1db00000000b83b6n, 0x2038001ffe00d407n].map((value) => halves(value, null))).toEqual([
    true,
    true,
  ]);
});
