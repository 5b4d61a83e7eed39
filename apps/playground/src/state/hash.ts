// SPDX-License-Identifier: GPL-2.0-only

import { decodeChanges, decodeOver, encodeChanges, encodeOver } from '../fields/codec.ts';
import { machineCodecs } from '../machine/machine.ts';
import { presetOf } from '../machine/presets.ts';
import { buildCodecs } from './build-form.ts';
import { heldText, holdText } from './held-text.ts';
import type { OtherMachine } from './other-machine.ts';
import { readCodecs, untold } from './read-form.ts';
import { type State, stateOf, viewCodec } from './state.ts';

/** Stands before the names of the second machine's inputs. */
const OTHER = 'b.';

/** Of the links that are written. A link without a version is of the first. */
export const LINK_VERSION = '1';

/** Characters of pasted text that a link holds; longer text stays in the tab. */
export const MAX_PASTE = 4000;

/** The part of the URL after `#` that brings this state back: what differs from its preset. */
export function hashOf({ view, preset, paste, machine, other, read, build }: State): string {
  const base = stateOf(presetOf(preset));
  const params = new URLSearchParams({ v: LINK_VERSION, view, preset });
  encodeOver(machineCodecs, base.machine, machine, params);
  encodeOver(buildCodecs, base.build, build, params);
  if (other.preset !== null) params.set(`${OTHER}preset`, other.preset);
  encodeChanges(machineCodecs, other.changes, params, OTHER);
  // The entry is always named, so that a link keeps its meaning when the opening entry changes.
  params.set('spte', read.spte);
  params.set('level', read.level);
  if (read.becomes !== '') params.set('becomes', read.becomes);
  if (paste.length > MAX_PASTE) params.set('held', holdText(paste));
  else if (paste !== '') params.set('paste', paste);
  return `#${params.toString()}`;
}

/** The state that a hash describes; what it does not say, or says wrongly, is as the preset has it. */
export function stateOfHash(hash: string): State {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const base = stateOf(presetOf(params.get('preset') ?? ''));
  return {
    view: viewCodec.decode(params.get('view') ?? '') ?? base.view,
    preset: base.preset,
    paste: params.get('paste') ?? heldText(params.get('held')) ?? '',
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
