// SPDX-License-Identifier: GPL-2.0-only
import { explainSpte, hex } from '@spte/core';
import { describe, expect, it } from 'vitest';
import { buildEntry } from '../build/build.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presets } from '../machine/presets.ts';
import { changeOf } from '../read/change.ts';
import { readEntry } from '../read/read.ts';
import { hashOf, stateOfHash } from '../state/hash.ts';
import { otherMachineOf } from '../state/other-machine.ts';
import type { State } from '../state/state.ts';
import { answerOf } from './answer.ts';
import { GLOSSARY } from './glossary.ts';
import { stateAt, TOURS } from './tours.ts';

const steps = TOURS.flatMap(({ title, steps }) => steps.map((step, index) => ({ title, index, step })));

/** What the page concludes in a state. */
function conclusion(state: State): string {
  const mmu = mmuOf(state.machine);
  if (!mmu.ok) throw new Error(JSON.stringify(mmu.errors));
  switch (state.view) {
    case 'build': {
      const built = buildEntry(mmu.value, state.build);
      return built.ok ? hex(built.value.spte) : JSON.stringify(built.errors);
    }
    case 'compare':
      return otherMachineOf(state.machine, state.other).vendor;
    default: {
      const changed = changeOf(mmu.value, state.read);
      const read = readEntry(mmu.value, state.read);
      return [changed, read].map((tried) => (tried.ok ? (tried.value?.headline ?? '') : '')).join(' ');
    }
  }
}

describe('a tour', () => {
  it.each(steps)('shows what it says: $title, step $index', ({ step }) => {
    expect(conclusion(stateAt(step))).toContain(step.shows);
    expect(presets.map(({ id }) => id)).toContain(step.preset);
    expect(stateOfHash(hashOf(stateAt(step)))).toEqual(stateAt(step));
  });

  it.each(TOURS)('ends with a question that few bits answer: $title', ({ question }) => {
    const right = Array.from({ length: 64 }, (_, bit) => bit).filter(
      (bit) => answerOf(question, bit).isRight,
    );
    expect(right.length).toBeGreaterThan(0);
    expect(right.length).toBeLessThan(20);
    const computed = mmuOf({
      ...presets.find(({ id }) => id === question.preset)?.machine,
      ...question.machine,
    } as State['machine']);
    if (!computed.ok) throw new Error('no machine');
    const before = explainSpte(computed.value, question.spte, question.level);
    expect(question.isRight(before)).toBe(false);
  });
});

describe('the glossary', () => {
  it('says each term once, in a sentence', () => {
    expect(new Set(GLOSSARY.map(([term]) => term)).size).toBe(GLOSSARY.length);
    expect(GLOSSARY.filter(([, meaning]) => !/^[“A-Z].*\.$/s.test(meaning))).toEqual([]);
  });
});
