// SPDX-License-Identifier: GPL-2.0-only
import { random } from '@spte/testing/random';
import { traceFiles } from '@spte/testing/runs';
import { oneIn, sampled } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';
import { captured } from './machines.ts';
import { file, json } from './run.ts';

// One bit of one entry of a real trace is wrong. Without a flag the command says as much as with the machine, or lists
// it as possible.

/** Entries in lines, by the word before them. */
const ENTRY = /(?<=\b(?:spte|old_spte|new_spte|old|new) (?:0x)?)[\da-f]{3,16}\b/g;

/** The bits that hold no permission, nor what the CPU notes. */
const PLANTED = Array.from({ length: 54 }, (_, bit) => bit + 10);

interface Counts {
  readonly findings: number;
  readonly possible: number;
}

async function countsOf(line: string): Promise<Counts> {
  const { summary } = (await json(`${line} --summary`)) as { summary: Counts };
  return summary;
}

describe('a bit that is wrong in a trace', () => {
  it('counts as with the machine, or is possible', async () => {
    const share = { all: 0, possible: 0 };
    for (const [run, files] of oneIn(2, Object.entries(traceFiles))) {
      const text = files['trace.txt'];
      if (text === undefined) continue;
      const entries = [...text.matchAll(ENTRY)];
      const { pick } = random(run.length);
      for (let i = 0; i < sampled(1, 12); i++) {
        const { 0: digits, index } = pick(entries);
        const bit = pick(PLANTED);
        const bad = (BigInt(`0x${digits}`) ^ (1n << BigInt(bit))).toString(16);
        file('planted.txt', `${text.slice(0, index)}${bad}${text.slice(index + digits.length)}`);
        const [known, found] = [
          await countsOf(`annotate planted.txt --host ${captured(run)}`),
          await countsOf('annotate planted.txt'),
        ];
        share.all++;
        if (found.findings === known.findings) continue;
        share.possible++;
        expect([run, digits, bit, found.possible]).not.toEqual([run, digits, bit, 0]);
      }
    }
    console.log(`possible: ${share.possible} of ${share.all}`);
    expect(share.possible / share.all).toBeLessThanOrEqual(0.1);
  });
});
