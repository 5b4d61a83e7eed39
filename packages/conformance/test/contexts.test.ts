// SPDX-License-Identifier: GPL-2.0-only
import { rankContexts } from '@spte/core';
import { candidates } from '@spte/testing/contexts';
import { realRuns, word } from '@spte/testing/real-runs';
import { describe, expect, it } from 'vitest';

/** The context of a run, as the candidates name it. */
function contextOf({
  kernel,
  vendor,
  ept = true,
  eptAd = true,
  npt = true,
}: (typeof realRuns)[number]['config']): string {
  const release = kernel.split('.').slice(0, 2).join('.');
  const layout = release === '7.2' ? '7.3' : release;
  const shadow = vendor === 'vmx' ? !ept : !npt;
  if (shadow) return `${layout} ${vendor} shadow`;
  return vendor === 'svm' ? `${layout} npt` : `${layout} ept with${eptAd ? '' : 'out'} A/D`;
}

describe('a handful of values', () => {
  it.each(realRuns.map((run): [string, typeof run] => [run.run, run]))(
    'of %s fits the context that wrote it best, or as well as any other',
    (_name, { config, sptes }) => {
      // Every 40th entry: tables, mappings, MMIO as they come.
      const samples = sptes
        .filter((_, i) => i % 40 === 0)
        .map(([value, level]) => ({ value: word(value), level }));
      const fits = rankContexts(samples, candidates);
      const right = fits.find(({ name }) => name === contextOf(config));
      expect(right?.findings).toEqual([]);
      expect(right?.clean).toBe(samples.length);
      expect(fits[0]?.findings).toEqual([]);
    },
  );
});
