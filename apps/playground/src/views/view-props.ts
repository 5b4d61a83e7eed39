// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import type { State } from '../model/state.ts';
import type { Change } from '../use-hash-state.ts';

/** What a view works with. */
export interface ViewProps {
  readonly mmu: Mmu;
  readonly state: State;
  readonly change: Change;
}
