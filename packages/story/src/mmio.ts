// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';
import { Counter } from './counter.ts';
import type { Exit } from './exit.ts';
import { numberOf, pageOf, wordOf } from './fields.ts';
import { MAX_NAMES, MAX_PAGES } from './limits.ts';
import { mmioType } from './window.ts';

/** Accesses to a page that are emulated. */
export interface MmioAccesses {
  read: number;
  write: number;
  unsatisfiedRead: number;
}

/** An exit of a task that met MMIO, whose page a later line has to tell. */
export type MmioWait = Exit;

/** What is open of a task. */
export interface MmioState {
  wait: MmioWait | null;
}

/** Page of an exit that none of its lines tells. */
export const UNKNOWN = -1;

/** The lines that tell the page of an exit. */
const PAGES: Readonly<Record<string, (record: TraceRecord) => number | null>> = {
  handle_mmio_page_fault: (record) => numberOf(record, 'gfn'),
  kvm_mmio: (record) => pageOf(wordOf(record, 'gpa')),
  mark_mmio_spte: (record) => numberOf(record, 'gfn'),
};

/** Counts what guests do where there is no memory. */
export class Mmio {
  exits: number = 0;
  readonly exitsByPage: Counter<number> = new Counter(MAX_PAGES);
  readonly from: Counter<string> = new Counter(MAX_NAMES);
  installed: number = 0;
  checks: number = 0;
  stale: number = 0;
  lines: number = 0;
  /** Lines for which there was no room. */
  uncounted: number = 0;
  readonly accesses: Map<number, MmioAccesses> = new Map();

  readonly #max: number;

  /** @param max pages whose accesses are counted */
  constructor(max: number = MAX_PAGES) {
    this.#max = max;
  }

  /** Takes an exit that met an entry of MMIO. */
  exit(state: MmioState, exit: Exit): void {
    this.exits++;
    if (exit.page === null) state.wait = exit;
    else this.#found('exit', exit.page);
  }

  #found(from: string, page: number): void {
    this.from.add(from);
    this.exitsByPage.add(page);
  }

  /** Takes a line of a task that is neither an exit nor a fault. */
  take(state: MmioState, record: TraceRecord): void {
    const page = PAGES[record.event]?.(record) ?? null;
    if (state.wait !== null && page !== null) {
      this.#found(record.event, page);
      state.wait = null;
    }
    if (record.event === 'mark_mmio_spte') this.installed++;
    else if (record.event === 'check_mmio_spte') this.#check(record);
    else if (record.event === 'kvm_mmio') this.#access(page, mmioType(record));
  }

  #check(record: TraceRecord): void {
    this.checks++;
    if (numberOf(record, 'valid') === 0) this.stale++;
  }

  #access(page: number | null, type: string): void {
    this.lines++;
    if (page === null) return;
    let accesses = this.accesses.get(page);
    if (accesses === undefined && this.accesses.size < this.#max) {
      accesses = { read: 0, write: 0, unsatisfiedRead: 0 };
      this.accesses.set(page, accesses);
    }
    if (accesses === undefined) this.uncounted++;
    else if (type === 'read' || type === 'write') accesses[type]++;
    else accesses.unsatisfiedRead++;
  }

  /** Ends an exit: at the next one of its task, and behind the last line. */
  close(state: MmioState): void {
    if (state.wait !== null) this.#found('unknown', UNKNOWN);
    state.wait = null;
  }
}
