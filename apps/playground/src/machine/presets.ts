// SPDX-License-Identifier: GPL-2.0-only
import * as host from '@spte/host';
import type { Machine } from './machine.ts';
import { machineOf } from './mmu.ts';

/** A typical machine of `@spte/host`, as the form holds it. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly machine: Machine;
}

const formOf = ({ name, what, config }: host.Preset): Preset => ({
  id: name,
  name: what,
  machine: machineOf(config),
});

const [first, ...others] = host.PRESETS;

/** The first one is what a plain link opens. */
export const presets: readonly [Preset, ...Preset[]] = [formOf(first), ...others.map(formOf)];

/** The preset of this id; the first one when there is none. */
export function presetOf(id: string): Preset {
  return presets.find((preset) => preset.id === id) ?? presets[0];
}
