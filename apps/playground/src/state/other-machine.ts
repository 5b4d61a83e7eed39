// SPDX-License-Identifier: GPL-2.0-only

import type { Machine } from '../machine/machine.ts';
import { presetOf } from '../machine/presets.ts';

/** The machine to compare with, said by what differs from another one. */
export interface OtherMachine {
  /** The preset to start from; null for the machine of the page under another kernel. */
  readonly preset: string | null;
  readonly changes: Partial<Machine>;
}

/** What a comparison opens with. */
export const sameMachine: OtherMachine = { preset: null, changes: {} };

/** Two kernels between which most layouts changed. */
const OLD = '6.1';
const NEW = '7.2';

/** The kernel to compare with when none was chosen: the new one, unless that is what is there. */
function contrastTo(kernel: string): string {
  return kernel.startsWith('7.') ? OLD : NEW;
}

/** All inputs of the second machine; unless it has a preset, it follows the first one in what was not changed. */
export function otherMachineOf(first: Machine, { preset, changes }: OtherMachine): Machine {
  const base = preset === null ? { ...first, kernel: contrastTo(first.kernel) } : presetOf(preset).machine;
  return { ...base, ...changes };
}
