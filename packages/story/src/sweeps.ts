// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';
import type { Change } from './change.ts';
import { FirstOf } from './counter.ts';
import { hexOf, nanoseconds, numberOf, taskOf } from './fields.ts';
import { MAX_ITEMS, MAX_PAGES } from './limits.ts';

/** Pages that a task protected, or whose dirty bits it cleared, in one go: a harvest of the dirty log. */
export interface DirtySweep {
  readonly line: number;
  readonly task: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly writeProtect: number;
  readonly dirtyClear: number;
  readonly gfnMin: string;
  readonly gfnMax: string;
  /** Entries by level. */
  readonly levels: Readonly<Record<string, number>>;
  /** Different gfns among them. */
  readonly pages: number;
}

/** A change that belongs to a sweep unless the next line of the task makes it a fault's own work. */
interface Pending {
  readonly record: TraceRecord;
  readonly kind: 'writeProtect' | 'dirtyClear';
  readonly gfn: number;
  readonly level: number;
}

interface Open {
  readonly first: TraceRecord;
  end: string | null;
  ended: number | null;
  writeProtect: number;
  dirtyClear: number;
  min: number;
  max: number;
  readonly seen: Set<number>;
  readonly levels: Map<number, number>;
}

/** What is open of a task. */
export interface SweepState {
  pending: Pending | null;
  open: Open | null;
}

/** Longest time between two changes of a sweep. */
const MAX_GAP = 15e6;

/** Collects sweeps. */
export class Sweeps {
  readonly found: FirstOf<DirtySweep> = new FirstOf(MAX_ITEMS);
  writeProtect: number = 0;
  dirtyClear: number = 0;

  readonly #max: number;

  /** @param max gfns of a sweep that are told apart */
  constructor(max: number = MAX_PAGES) {
    this.#max = max;
  }

  /** Takes a line of a task, with the change that it tells of. */
  take(state: SweepState, record: TraceRecord, change: Change | null): void {
    this.#settle(state, record);
    if (change === null) return;
    const { kind, gfn, level } = change;
    if (gfn !== null && (kind === 'writeProtect' || kind === 'dirtyClear'))
      state.pending = { record, kind, gfn, level };
  }

  /** Ends what is open of a task: at its exit, at a marker that it writes, behind the last line. */
  close(state: SweepState): void {
    this.#settle(state, null);
    if (state.open !== null) this.found.add(sweepOf(state.open));
    state.open = null;
  }

  #settle(state: SweepState, next: TraceRecord | null): void {
    const { pending } = state;
    if (pending === null) return;
    state.pending = null;
    if (next?.event === 'kvm_mmu_set_spte' && numberOf(next, 'gfn') === pending.gfn) return;
    const { record, kind, gfn, level } = pending;
    const at = nanoseconds(record.timestamp);
    const gap = state.open?.ended == null || at === null ? 0 : at - state.open.ended;
    if (gap > MAX_GAP) {
      this.found.add(sweepOf(state.open as Open));
      state.open = null;
    }
    state.open ??= newSweep(record, gfn);
    const { open } = state;
    open.end = record.timestamp;
    open.ended = at;
    open[kind]++;
    this[kind]++;
    open.min = Math.min(open.min, gfn);
    open.max = Math.max(open.max, gfn);
    if (open.seen.size < this.#max) open.seen.add(gfn);
    open.levels.set(level, (open.levels.get(level) ?? 0) + 1);
  }
}

function newSweep(first: TraceRecord, gfn: number): Open {
  return {
    first,
    end: null,
    ended: null,
    writeProtect: 0,
    dirtyClear: 0,
    min: gfn,
    max: gfn,
    seen: new Set(),
    levels: new Map(),
  };
}

function sweepOf({ first, end, writeProtect, dirtyClear, min, max, levels, seen }: Open): DirtySweep {
  return {
    line: first.line,
    task: taskOf(first),
    start: first.timestamp,
    end,
    writeProtect,
    dirtyClear,
    gfnMin: hexOf(min),
    gfnMax: hexOf(max),
    levels: Object.fromEntries(levels),
    pages: seen.size,
  };
}
