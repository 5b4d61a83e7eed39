// SPDX-License-Identifier: GPL-2.0-only

import { choice } from '../fields/codec.ts';
import type { Machine } from '../machine/machine.ts';
import { type Preset, presetOf } from '../machine/presets.ts';
import { type BuildForm, firstBuild } from './build-form.ts';
import { type OtherMachine, sameMachine } from './other-machine.ts';
import { firstRead, type ReadForm, readFormOf } from './read-form.ts';

export type View = 'read' | 'build' | 'masks' | 'compare' | 'learn';

/** Everything that the page shows follows from this. */
export interface State {
  readonly view: View;
  readonly preset: string;
  /** What was pasted, as it came; empty when the entry was chosen or typed. */
  readonly paste: string;
  readonly machine: Machine;
  /** The machine to compare with. */
  readonly other: OtherMachine;
  readonly read: ReadForm;
  readonly build: BuildForm;
}

export const viewCodec = choice<View>('read', 'build', 'masks', 'compare', 'learn');

/** What a view opens with when nothing was changed but the preset. */
export function stateOf({ id, machine }: Preset): State {
  return {
    view: 'read',
    preset: id,
    paste: '',
    machine,
    other: sameMachine,
    read: firstRead,
    build: firstBuild,
  };
}

/** Takes the machine of another preset; what was to be read or built stays. */
export function choosePreset(state: State, id: string): State {
  const preset = presetOf(id);
  return { ...state, preset: preset.id, machine: preset.machine };
}

/** Compares with another preset; null: with the machine of the page under another kernel. */
export function chooseOther(state: State, preset: string | null): State {
  return { ...state, other: { preset, changes: {} } };
}

/** Changes inputs of the second machine. */
export function changeOther(state: State, fields: Partial<Machine>): State {
  const { preset, changes } = state.other;
  return { ...state, other: { preset, changes: { ...changes, ...fields } } };
}

/** Shows an entry to the reader: what was built, or what another one became. */
export function readEntryOf(state: State, { spte, level }: { spte: bigint; level: number | null }): State {
  return { ...state, view: 'read', read: readFormOf(spte, level) };
}
