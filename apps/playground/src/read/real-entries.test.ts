// SPDX-License-Identifier: GPL-2.0-only
import { expect, it } from 'vitest';
import { presets } from '../machine/presets.ts';
import { hashOf, stateOfHash } from '../state/hash.ts';
import { stateOf } from '../state/state.ts';
import { loadEntry, realEntries } from './real-entries.ts';

it('the hash of the URL brings every real entry back', () => {
  for (const entry of realEntries) {
    const state = loadEntry(stateOf(presets[0]), entry);
    expect(stateOfHash(hashOf(state))).toEqual(state);
  }
});
