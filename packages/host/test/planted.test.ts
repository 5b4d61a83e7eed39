// SPDX-License-Identifier: GPL-2.0-only
import { judgeAcross, judgeSpte, type Sample } from '@spte/core';
import { EntryPatterns, findContext } from '@spte/host';
import { random } from '@spte/testing/random';
import { realRuns, word } from '@spte/testing/real-runs';
import { mmuOfRun } from '@spte/testing/runs';
import { sampled } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';

// One bit of one entry of a real run is wrong. Whoever knows the machine says what is wrong with it; who has nothing but
// the entries must say the same, or that it may be so.

/** The bits that hold no permission, nor what the CPU notes. */
const PLANTED = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => bit > 9);

/** What becomes of planted bits in the findings of one run. */
function planted(run: string, entries: readonly Required<Sample>[], count: number) {
  const known = mmuOfRun(run);
  const { pick } = random(run.length);
  const tally = { same: 0, possible: 0, wrong: [] as string[] };
  for (let i = 0; i < count; i++) {
    const { value, level } = pick(entries);
    const bit = pick(PLANTED);
    const bad = value ^ (1n << BigInt(bit));
    const patterns = new EntryPatterns();
    // A trace shows an entry when it comes and when it goes.
    for (const entry of [...entries, ...entries]) patterns.add(entry);
    patterns.add({ value: bad, level });
    const { mmu, possible } = findContext({ entries: patterns });
    const found = judgeAcross(mmu, bad, level ?? null, possible.slice(1));
    if (found.findings.length === judgeSpte(known, bad, level ?? null).length) tally.same++;
    else if (found.possible.length > 0) tally.possible++;
    else tally.wrong.push(`bit ${bit} of 0x${value.toString(16)} at ${String(level)}`);
  }
  return tally;
}

describe('a bit that is wrong', () => {
  it('is found without a word about the machine, or said to be possible', () => {
    const share = { all: 0, possible: 0 };
    for (const { run, sptes } of realRuns) {
      const entries = sptes.map(([value, level]) => ({ value: word(value), level }));
      const { same, possible, wrong } = planted(run, entries, sampled(2, 40));
      expect([run, wrong]).toEqual([run, []]);
      share.all += same + possible;
      share.possible += possible;
    }
    console.log(`possible: ${share.possible} of ${share.all}`);
    expect(share.possible / share.all).toBeLessThanOrEqual(0.1);
  });
});
