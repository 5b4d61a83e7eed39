// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { containing } from '../../test/containing.ts';
import { mmuOf } from '../machine/mmu.ts';
import { presets } from '../machine/presets.ts';
import { type State, stateOf } from '../state/state.ts';
import { changeOf, type EntryChange } from './change.ts';
import { loadEntry, realEntries } from './real-entries.ts';

const opening = stateOf(presets[0]);

function attemptIn({ machine, read }: State) {
  const mmu = mmuOf(machine);
  if (!mmu.ok) throw new Error(JSON.stringify(mmu.errors));
  return changeOf(mmu.value, read);
}

function changeIn(state: State): EntryChange {
  const change = attemptIn(state);
  if (!change.ok || change.value === null) throw new Error(JSON.stringify(change));
  return change.value;
}

const becoming = (becomes: string): State => ({ ...opening, read: { ...opening.read, becomes } });

function realChange(title: string): EntryChange {
  const entry = realEntries.find((entry) => entry.title === title);
  if (entry === undefined) throw new Error(`no real entry ${title}`);
  return changeIn(loadEntry(opening, entry));
}

const outcomeOf = ({ facts }: EntryChange) =>
  Object.fromEntries(facts.flatMap(({ facts }) => facts.map(({ name, value }) => [name, value])));

describe('a change of an entry', () => {
  it('is asked for by a second value only', () => {
    expect(attemptIn(opening)).toEqual({ ok: true, value: null });
    expect(attemptIn(becoming('  '))).toEqual({ ok: true, value: null });
  });

  it.each([
    ['Change: frozen', 'frozen', { allowed: 'yes', 'TLB flush': 'due', lost: 'accessed, dirty' }],
    ['Change: write fault', 'writable', { allowed: 'yes', 'TLB flush': 'not due', lost: 'nothing' }],
    ['Change: MMIO', 'generation', { allowed: 'yes', kinds: 'mmio → mmio' }],
  ])('explains the real one %j', (title, word, outcome) => {
    const change = realChange(title);
    expect(change.headline).toContain(word);
    expect(outcomeOf(change)).toMatchObject(outcome);
  });

  it('names the fields that changed, and marks their bits in both', () => {
    const { items, from, to } = realChange('Change: write fault');
    expect(items.map(({ name, bits, value }) => [name, bits, value])).toEqual([
      ['writable', '1', 'no → yes'],
    ]);
    for (const { cells } of [from, to]) {
      expect(cells.filter(({ differs }) => differs).map(({ bit }) => bit)).toEqual([1]);
    }
  });

  it('says why KVM does not make it', () => {
    expect(outcomeOf(changeIn(becoming('0x600000455298b77')))['allowed']).toContain('no: KVM zaps a leaf');
  });

  it('says that nothing changed', () => {
    const change = changeIn(becoming(opening.read.spte));
    expect(change.headline).toBe('Nothing changed');
    expect(change.items).toEqual([]);
  });

  it.each([
    ['zz', 'not hex'],
    ['0x1ffffffffffffffff', 'becomes must be within'],
  ])('blames the field for %j', (becomes, problem) => {
    expect(attemptIn(becoming(becomes))).toEqual({ ok: false, errors: { becomes: containing(problem) } });
  });
});
