// SPDX-License-Identifier: GPL-2.0-only
import { layouts, type Mmu } from '@spte/core';
import type { Machine } from './machine.ts';
import { mmuOf } from './mmu.ts';

/** A machine under the kernels of one layout. */
export interface Era {
  /** First release of the layout. */
  readonly since: string;
  /** The last one; null while it is the newest. */
  readonly until: string | null;
  readonly mmu: Mmu;
}

/** A machine under each layout that it can run, from the oldest kernels to the newest. */
export function erasOf(machine: Machine): Era[] {
  return layouts.flatMap(({ since, until }) => {
    const computed = mmuOf({ ...machine, kernel: since });
    return computed.ok ? [{ since, until, mmu: computed.value }] : [];
  });
}

/** Computes a value when it is first asked for. */
export function onceAsked<T>(compute: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}
