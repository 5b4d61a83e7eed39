// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap } from '@spte/core';
import type { TraceRecord } from '@spte/trace';
import { FirstOf } from './counter.ts';
import { hexOf, levelShift, numberOf } from './fields.ts';
import { MAX_ITEMS, MAX_PAGES } from './limits.ts';
import type { Window } from './window.ts';

/** A huge page that was split because the guest executed from it. */
export interface NxSplit {
  readonly line: number;
  readonly time: string | null;
  readonly address: string;
  /** A change replaced the leaf; or a 4K page was set where a 2M page without execution was. */
  readonly by: 'leaf-replaced' | 'remembered-leaf';
}

/** The third letter of the access of a leaf without execution. */
const NO_EXECUTION = '-';
const HUGE = 2;

/** Finds splits of huge pages that the NX mitigation makes. */
export class NxSplits {
  readonly found: FirstOf<NxSplit> = new FirstOf(MAX_ITEMS);
  /** Ranges of 2M whose leaf was last set without execution. */
  readonly #huge: BoundedMap<number, true> = new BoundedMap(MAX_PAGES);
  #split: Window | null = null;

  /** Takes a line of a task. @param window the fault to which it belongs */
  take(record: TraceRecord, window: Window | null): void {
    if (record.event !== 'kvm_mmu_set_spte') return;
    const gfn = numberOf(record, 'gfn');
    const level = numberOf(record, 'level');
    const access = record.fields['access'];
    if (gfn === null || level === null || typeof access !== 'string') return;
    const range = Math.floor(gfn / 2 ** levelShift(HUGE));
    if (level === 1 && access.includes('x') && this.#huge.has(range)) this.#split = window;
    if (level === HUGE && access[HUGE] === NO_EXECUTION) this.#huge.set(range, true);
    else if (level === HUGE) this.#huge.delete(range);
  }

  /** Takes a fault behind its last line. */
  settle(window: Window): void {
    const { fault, seen } = window;
    const remembered = this.#split === window;
    if (!fault.isFetch || !fault.isPresent || fault.isReserved) return;
    if (!seen.has('leaf-replaced') && !remembered) return;
    const { line, timestamp: time } = fault.record;
    this.found.add({
      line,
      time,
      address: hexOf(fault.address),
      by: seen.has('leaf-replaced') ? 'leaf-replaced' : 'remembered-leaf',
    });
  }
}
