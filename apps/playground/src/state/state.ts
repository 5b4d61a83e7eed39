// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { type OtherMachine, sameMachine } from '../compare/other-machine.ts';
import { type Codecs, choice, flag, text } from '../fields/codec.ts';
import type { Machine } from '../machine/machine.ts';
import { type Preset, presetOf } from '../machine/presets.ts';
import type { RealEntry } from '../read/real-entries.ts';

export type View = 'read' | 'build' | 'masks' | 'compare';

/** The form of an entry to be read. */
export interface ReadForm {
  readonly spte: string;
  readonly level: '?' | '1' | '2' | '3' | '4' | '5';
  /** What the entry is changed to; empty when that is not asked. */
  readonly becomes: string;
}

/** The form of an SPTE to be built: a leaf, a table or an MMIO SPTE. */
export interface BuildForm {
  readonly make: 'leaf' | 'table' | 'mmio';
  readonly gfn: string;
  readonly pfn: string;
  readonly childPa: string;
  readonly at: '1' | '2' | '3';
  readonly tableAt: '2' | '3' | '4' | '5';
  readonly oldSpte: string;
  readonly generation: string;
  readonly read: boolean;
  readonly user: boolean;
  readonly write: boolean;
  readonly exec: boolean;
  readonly prefetch: boolean;
  readonly canUnsync: boolean;
  readonly writeTracked: boolean;
  readonly hostWritable: boolean;
  readonly adDisabled: boolean;
  readonly guestMode: boolean;
  readonly dirtyLog: boolean;
  readonly device: boolean;
  readonly noncoherentDma: boolean;
  readonly cr0Cd: boolean;
  readonly quirkCdNw: boolean;
  readonly guestMtrr: '0' | '1' | '4' | '5' | '6';
  readonly nxOptOut: boolean;
}

/** Everything that the page shows follows from this. */
export interface State {
  readonly view: View;
  readonly preset: string;
  readonly machine: Machine;
  /** The machine to compare with. */
  readonly other: OtherMachine;
  readonly read: ReadForm;
  readonly build: BuildForm;
}

export const viewCodec = choice<View>('read', 'build', 'masks', 'compare');

export const readCodecs: Codecs<ReadForm> = {
  spte: text,
  level: choice('?', '1', '2', '3', '4', '5'),
  becomes: text,
};

export const buildCodecs: Codecs<BuildForm> = {
  make: choice('leaf', 'table', 'mmio'),
  gfn: text,
  pfn: text,
  childPa: text,
  at: choice('1', '2', '3'),
  tableAt: choice('2', '3', '4', '5'),
  oldSpte: text,
  generation: text,
  read: flag,
  user: flag,
  write: flag,
  exec: flag,
  prefetch: flag,
  canUnsync: flag,
  writeTracked: flag,
  hostWritable: flag,
  adDisabled: flag,
  guestMode: flag,
  dirtyLog: flag,
  device: flag,
  noncoherentDma: flag,
  cr0Cd: flag,
  quirkCdNw: flag,
  guestMtrr: choice('0', '1', '4', '5', '6'),
  nxOptOut: flag,
};

/** The entry of a public KVM trace with which the page opens. */
const firstRead: ReadForm = { spte: '0x600000455299b77', level: '1', becomes: '' };

/** The request behind that entry. */
const firstBuild: BuildForm = {
  make: 'leaf',
  gfn: '0x99',
  pfn: '0x455299',
  childPa: '0x2c583e000',
  at: '1',
  tableAt: '4',
  oldSpte: '0x0',
  generation: '0x10',
  read: true,
  user: true,
  write: true,
  exec: true,
  prefetch: false,
  canUnsync: true,
  writeTracked: false,
  hostWritable: true,
  adDisabled: false,
  guestMode: false,
  dirtyLog: false,
  device: false,
  noncoherentDma: false,
  cr0Cd: false,
  quirkCdNw: true,
  guestMtrr: '6',
  nxOptOut: false,
};

/** What a view opens with when nothing was changed but the preset. */
export function stateOf({ id, machine }: Preset): State {
  return {
    view: 'read',
    preset: id,
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

function readFormOf(spte: bigint, level: number | null): ReadForm {
  const levels: readonly ReadForm['level'][] = ['?', '1', '2', '3', '4', '5'];
  return { spte: hex(spte), level: levels[level ?? 0] ?? '?', becomes: '' };
}

/** Shows an entry to the reader: what was built, or what another one became. */
export function readEntryOf(state: State, { spte, level }: { spte: bigint; level: number | null }): State {
  return { ...state, view: 'read', read: readFormOf(spte, level) };
}

/** Shows a real entry on the machine that it comes from. */
export function loadEntry(state: State, { preset, machine, spte, level, becomes }: RealEntry): State {
  const base = presetOf(preset);
  return {
    ...state,
    view: 'read',
    preset: base.id,
    machine: { ...base.machine, ...machine },
    read: { spte, level, becomes: becomes ?? '' },
  };
}
