// SPDX-License-Identifier: GPL-2.0-only

import { decodeChanges, decodeOver, encodeChanges, encodeOver } from '../fields/codec.ts';
import { machineCodecs } from '../machine/machine.ts';
import { presetOf } from '../machine/presets.ts';
import { buildCodecs } from './build-form.ts';
import type { OtherMachine } from './other-machine.ts';
import { readCodecs, untold } from './read-form.ts';
import { type State, stateOf, viewCodec } from './state.ts';

/** Stands before the names of the second machine's inputs. */
const OTHER = 'b.';

/** The part of the URL after `#` that brings this state back: what differs from its preset. */
export function hashOf({ view, preset, machine, other, read, build }: State): string {
  const base = stateOf(presetOf(preset));
  const params = new URLSearchParams({ view, preset });
  encodeOver(machineCodecs, base.machine, machine, params);
  encodeOver(buildCodecs, base.build, build, params);
  if (other.preset !== null) params.set(`${OTHER}preset`, other.preset);
  encodeChanges(machineCodecs, other.changes, params, OTHER);
  // The entry is always named, so that a link keeps its meaning when the opening entry changes.
  params.set('spte', read.spte);
  params.set('level', read.level);
  if (read.becomes !== '') params.set('becomes', read.becomes);
  return `#${params.toString()}`;
}

/** The state that a hash describes; what it does not say, or says wrongly, is as the preset has it. */
export function stateOfHash(hash: string): State {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const base = stateOf(presetOf(params.get('preset') ?? ''));
  return {
    view: viewCodec.decode(params.get('view') ?? '') ?? base.view,
    preset: base.preset,
    machine: decodeOver(machineCodecs, base.machine, params),
    other: decodeOther(params),
    // The opening level is that of the opening entry.
    read: decodeOver(readCodecs, params.has('spte') ? untold(base.read) : base.read, params),
    build: decodeOver(buildCodecs, base.build, params),
  };
}

function decodeOther(params: URLSearchParams): OtherMachine {
  const preset = params.get(`${OTHER}preset`);
  return {
    preset: preset === null ? null : presetOf(preset).id,
    changes: decodeChanges(machineCodecs, params, OTHER),
  };
}
