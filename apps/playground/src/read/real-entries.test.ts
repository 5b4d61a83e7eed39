// SPDX-License-Identifier: GPL-2.0-only
import { expect, it } from 'vitest';
import { presets } from '../machine/presets.ts';
import { hashOf, stateOfHash } from '../state/hash.ts';
import { stateOf } from '../state/state.ts';
import { loadEntry, realEntries, realEntryOf } from './real-entries.ts';

it('the hash of the URL brings every real entry back', () => {
  for (const entry of realEntries) {
    const state = loadEntry(stateOf(presets[0]), entry);
    expect(stateOfHash(hashOf(state))).toEqual(state);
  }
});

it('the entry of a form is the real one that it holds, whatever it is said to become', () => {
  for (const entry of realEntries) {
    const { read } = loadEntry(stateOf(presets[0]), entry);
    expect(realEntryOf(read)).toBe(entry);
    expect(realEntryOf({ ...read, becomes: '0x1' })?.spte).toBe(entry.spte);
    expect(realEntryOf({ ...read, spte: '0x1' })).toBeUndefined();
  }
});
