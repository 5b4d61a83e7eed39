// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { Attempt } from '../fields/attempt.ts';
import type { Machine } from '../machine/machine.ts';
import type { State } from './state.ts';
import type { Change } from './use-hash-state.ts';

/** What a view works with. */
export interface ViewProps {
  /** The MMU of the machine, or what is wrong with the inputs of the machine. */
  readonly computed: Attempt<Mmu, keyof Machine>;
  readonly state: State;
  readonly change: Change;
}
