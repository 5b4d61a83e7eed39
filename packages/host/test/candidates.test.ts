// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { candidateName, contextCandidates, widthsOf } from '../src/context/candidates.ts';
import type { MachineFacts } from '../src/context/machine-facts.ts';

/** What is known in questions that are asked one after the other; some twice, for what is remembered must not differ. */
const QUESTIONS: readonly MachineFacts[] = [
  {},
  { vendor: 'svm' },
  { kernel: '6.8' },
  { kernel: '6.8', vendor: 'svm' },
  { vendor: 'svm', smeCBit: 47 },
  { vendor: 'svm', smeCBit: 51 },
  { vendor: 'svm', smeCBit: 63 },
  { l1tf: false },
  {},
  { kernel: '6.8', vendor: 'svm' },
];

describe('candidates', () => {
  it('can have each address width of their machine, whatever was asked before', () => {
    for (const known of QUESTIONS) {
      const without = contextCandidates(known).filter((one) => widthsOf(one, known).length === 0);
      expect(without.map(candidateName)).toEqual([]);
    }
  });

  it('of 6.8 on AMD have the widths of AMD, first the usual one', () => {
    contextCandidates({});
    const known: MachineFacts = { kernel: '6.8', vendor: 'svm', tdp: true };
    const [first] = contextCandidates(known);
    expect(first && widthsOf(first, known).map(({ facts }) => facts.maxphyaddr)).toEqual([
      48, 52, 47, 46, 44, 43, 40, 36,
    ]);
  });
});
