// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { machineCodecs } from '../machine/machine.ts';
import { presetOf, presets } from '../machine/presets.ts';
import { buildCodecs } from './build-form.ts';
import { hashOf, stateOfHash } from './hash.ts';
import { readCodecs } from './read-form.ts';
import { choosePreset, type State, stateOf } from './state.ts';

const opening = stateOf(presets[0]);

describe('the hash of the URL', () => {
  it('brings every preset back', () => {
    for (const preset of presets) {
      const state: State = { ...stateOf(preset), view: 'masks' };
      expect(stateOfHash(hashOf(state))).toEqual(state);
    }
  });

  it('keeps whatever was typed, legal or not', () => {
    const state: State = {
      ...opening,
      machine: { ...opening.machine, physBits: 'a & b=#%', l1tf: true, vendor: 'svm' },
      other: { preset: 'milan', changes: { kernel: '7.2 &', l1tf: false, sme: 'kernel' } },
      read: { spte: 'not hex ☃', level: '?', becomes: '5a0 #' },
      build: { ...opening.build, gfn: '', make: 'mmio', write: false },
    };
    expect(stateOfHash(hashOf(state))).toEqual(state);
  });

  it('says only what differs from the preset', () => {
    expect(hashOf(opening)).toBe('#v=1&view=read&preset=cascade-lake&spte=0x600000455299b77&level=1');
  });

  it('opens with the first preset when it is empty or says nonsense', () => {
    for (const hash of ['', '#', '#view=x&preset=y&level=9&l1tf=maybe&vendor=via', '#%E0%A4%A']) {
      expect(stateOfHash(hash)).toEqual(opening);
    }
  });

  it('takes no level for granted of an entry that comes without one', () => {
    expect(stateOfHash('#spte=0x2c583e907').read).toEqual({ spte: '0x2c583e907', level: '?', becomes: '' });
    expect(stateOfHash('#spte=0x2c583e907&level=3').read.level).toBe('3');
  });

  it('says of the second machine what was chosen for it', () => {
    const state: State = {
      ...opening,
      view: 'compare',
      other: { preset: null, changes: { kernel: '6.12' } },
    };
    expect(hashOf(state)).toContain('&b.kernel=6.12&');
    expect(stateOfHash('#b.preset=nonsense&b.l1tf=maybe').other).toEqual({
      preset: 'cascade-lake',
      changes: {},
    });
  });

  it('understands links from before there was anything to compare', () => {
    const old = '#view=read&preset=milan&kernel=6.1&spte=0x5a0&level=2&gfn=0x10';
    expect(stateOfHash(old)).toEqual({
      ...stateOf(presetOf('milan')),
      machine: { ...presetOf('milan').machine, kernel: '6.1' },
      read: { spte: '0x5a0', level: '2', becomes: '' },
      build: { ...opening.build, gfn: '0x10' },
    });
  });

  it('gives each field a name of its own', () => {
    const names = [machineCodecs, readCodecs, buildCodecs].flatMap((codecs) => Object.keys(codecs));
    expect(new Set([...names, 'view', 'preset']).size).toBe(names.length + 2);
  });
});

describe('choosing a preset', () => {
  it('takes its machine and leaves the entries alone', () => {
    const state = { ...opening, read: { ...opening.read, spte: 'typed', level: '2' as const } };
    const chosen = choosePreset(state, 'milan');
    expect(chosen.machine.vendor).toBe('svm');
    expect(chosen.read).toEqual(state.read);
  });
});
