// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';
import { FirstOf } from './counter.ts';
import type { Fault } from './fault.ts';
import { hexOf, pidOf, taskOf, wordOf } from './fields.ts';
import { MAX_ITEMS } from './limits.ts';
import type { FaultOutcome } from './window.ts';

/** The same fault again and again: a loop. */
export interface RepeatedFault {
  /** The pid of the task. */
  readonly task: number;
  readonly vcpu: number | null;
  readonly address: string;
  readonly code: string;
  readonly count: number;
  readonly line: number;
  readonly lastLine: number;
  readonly start: string | null;
  readonly end: string | null;
  readonly lastOutcome: FaultOutcome;
  readonly outcomes: Readonly<Partial<Record<FaultOutcome, number>>>;
  /** The last notifier before it that another task ran: the suspect. */
  readonly lastUnmapByAnotherTask: Unmap | null;
}

/** A notifier that unmaps a range of host addresses. */
export interface Unmap {
  readonly line: number;
  readonly task: string;
  readonly time: string | null;
  readonly start: string;
  readonly end: string;
}

/** Faults of a task one after the other that are the same. */
interface Run {
  readonly fault: Fault;
  last: TraceRecord;
  count: number;
  outcomes: Partial<Record<FaultOutcome, number>>;
  lastOutcome: FaultOutcome;
  readonly suspect: TraceRecord | null;
}

/** What is open of a task. */
export interface RepeatState {
  run: Run | null;
}

/** Fewest faults of a loop. */
const FEWEST = 3;

/** Outcomes behind which the fault is a new one. */
const SETTLED: ReadonlySet<FaultOutcome> = new Set(['mapped', 'split', 'fast-fixed', 'mmio-installed']);

/** Finds loops. */
export class Repeats {
  readonly found: FirstOf<RepeatedFault> = new FirstOf(MAX_ITEMS);
  longest: number = 0;
  #lastUnmap: TraceRecord | null = null;
  #lastUnmapOfAnother: TraceRecord | null = null;

  /** Takes a notifier. */
  unmap(record: TraceRecord): void {
    if (this.#lastUnmap?.pid !== record.pid) this.#lastUnmapOfAnother = this.#lastUnmap;
    this.#lastUnmap = record;
  }

  /** The last notifier of another task. */
  suspect(pid: number | null): TraceRecord | null {
    return this.#lastUnmap?.pid === pid ? this.#lastUnmapOfAnother : this.#lastUnmap;
  }

  /** Takes a fault of a task whose outcome is known. @param suspect the last notifier before it of another task */
  take(state: RepeatState, fault: Fault, outcome: FaultOutcome, suspect: TraceRecord | null): void {
    const { run } = state;
    const goesOn =
      run !== null &&
      run.fault.address === fault.address &&
      run.fault.code === fault.code &&
      !SETTLED.has(run.lastOutcome);
    if (!goesOn) {
      this.close(state);
      state.run = { fault, last: fault.record, count: 0, outcomes: {}, lastOutcome: outcome, suspect };
    }
    const now = state.run as Run;
    now.count++;
    now.last = fault.record;
    now.lastOutcome = outcome;
    now.outcomes[outcome] = (now.outcomes[outcome] ?? 0) + 1;
  }

  /** Ends what is open of a task. */
  close(state: RepeatState): void {
    const { run } = state;
    state.run = null;
    if (run === null) return;
    this.longest = Math.max(this.longest, run.count);
    if (run.count >= FEWEST) this.found.add(repeatedFault(run));
  }
}

function repeatedFault({ fault, last, count, outcomes, lastOutcome, suspect }: Run): RepeatedFault {
  const { record } = fault;
  return {
    task: pidOf(record),
    vcpu: fault.vcpu,
    address: hexOf(fault.address),
    code: hexOf(fault.code),
    count,
    line: record.line,
    lastLine: last.line,
    start: record.timestamp,
    end: last.timestamp,
    lastOutcome,
    outcomes,
    lastUnmapByAnotherTask: suspect === null ? null : unmapOf(suspect),
  };
}

function unmapOf(record: TraceRecord): Unmap {
  const { line, timestamp: time } = record;
  const address = (name: string): string => hexOf(wordOf(record, name) ?? 0n);
  return { line, task: taskOf(record), time, start: address('start'), end: address('end') };
}
