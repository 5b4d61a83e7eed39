// SPDX-License-Identifier: GPL-2.0-only
import { presetOf } from '../data/presets.ts';
import { decodeOver, encodeOver } from './codec.ts';
import { machineCodecs } from './machine.ts';
import { buildCodecs, readCodecs, type State, stateOf, viewCodec } from './state.ts';

/** The part of the URL after `#` that brings this state back: what differs from its preset. */
export function hashOf({ view, preset, machine, read, build }: State): string {
  const base = stateOf(presetOf(preset));
  const params = new URLSearchParams({ view, preset });
  encodeOver(machineCodecs, base.machine, machine, params);
  encodeOver(buildCodecs, base.build, build, params);
  // The entry is always named, so that a link keeps its meaning when the opening entry changes.
  params.set('spte', read.spte);
  params.set('level', read.level);
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
    read: decodeOver(readCodecs, base.read, params),
    build: decodeOver(buildCodecs, base.build, params),
  };
}
