import { findContext, EntryPatterns } from '@spte/host';
import { realRuns, word } from '@spte/testing/real-runs';
import { judgeSpte } from '@spte/core';
import { it } from 'vitest';
import { mmuOf } from '@spte/testing/runs';
it('x', () => { 
 for (const { run, config, sptes, changes } of realRuns) {
  const entries = new EntryPatterns();
  for (const [v, level] of sptes) entries.add({ value: word(v), level });
  const t=performance.now();
  const found = findContext({ entries });
  console.log(run, Math.round(performance.now()-t) + 'ms', found.entries, JSON.stringify(Object.fromEntries(Object.entries(found.facts).map(([n, f]) => [n, `${f.value} ${f.origin}`]))));
  console.log('   ', found.possible.map(({ name, score, mmu }) => `${name} ${mmu.masks.shadowPhysBits} ${score.unexplained}+${score.unusual}`).join(' | '));
 }
});
