// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { presetOf, presets } from '../machine/presets.ts';
import { otherMachineOf } from './other-machine.ts';
import { changeOther, chooseOther, type State, stateOf } from './state.ts';

const opening = stateOf(presets[0]);
const otherOf = ({ machine, other }: State) => otherMachineOf(machine, other);

describe('the second machine', () => {
  it('starts as the first one under a kernel with another layout', () => {
    expect(otherOf(opening)).toEqual({ ...opening.machine, kernel: '7.2' });
    expect(otherOf({ ...opening, machine: { ...opening.machine, kernel: '7.3' } }).kernel).toBe('6.1');
  });

  it('follows the first one in what was not changed', () => {
    const changed = changeOther(opening, { mmioCaching: false });
    const machine = { ...opening.machine, physBits: '40' };
    expect(otherOf({ ...changed, machine })).toMatchObject({ physBits: '40', mmioCaching: false });
  });

  it('is a preset once one was chosen, without the changes before', () => {
    const chosen = chooseOther(changeOther(opening, { l1tf: true }), 'milan');
    expect(otherOf(chosen)).toEqual(presetOf('milan').machine);
    expect(otherOf(chooseOther(chosen, null))).toEqual(otherOf(opening));
  });

  it('is not touched by another preset for the first', () => {
    const state = changeOther(opening, { kernel: '6.12' });
    expect(otherOf({ ...state, machine: presetOf('milan').machine }).kernel).toBe('6.12');
  });
});
