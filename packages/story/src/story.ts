// SPDX-License-Identifier: GPL-2.0-only
import type { ExitReader } from '@spte/core';
import {
  type LossMark,
  type MachineHints,
  readEvent,
  readLossMark,
  type TraceEntry,
  type TraceRecord,
} from '@spte/trace';
import { type Change, changeOf, isChange } from './change.ts';
import { Counter, FirstOf } from './counter.ts';
import { type Exit, exitOf } from './exit.ts';
import { type Fault, faultOf } from './fault.ts';
import { hexOf, nanoseconds, numberOf, pageOf, pidOf, taskOf, wordOf } from './fields.ts';
import { MAX_ITEMS, MAX_NAMES, MAX_PAGES, MAX_TASKS } from './limits.ts';
import { Losses } from './losses.ts';
import { Mmio, type MmioWait } from './mmio.ts';
import { NxSplits } from './nx.ts';
import { Order } from './order.ts';
import { type RepeatState, Repeats } from './repeats.ts';
import { type SweepState, Sweeps } from './sweeps.ts';
import {
  type FaultOutcome,
  isFixed,
  openWindow,
  outcomeOf,
  type RawResults,
  type Window,
  watch,
} from './window.ts';

/** What is known of a trace beforehand. */
export interface StoryOptions {
  /** What vendors know of exits: names of reasons that raw mode and trace.dat give as numbers. */
  readonly exits?: readonly ExitReader[];
  /** The vendor of the machine, where no exit has said it yet. */
  readonly vendor?: 'vmx' | 'svm' | undefined;
  /** Version of the kernel, by which results of `fast_page_fault` are numbered in raw mode: `[6, 12]`. */
  readonly kernel?: readonly [major: number, minor: number] | undefined;
}

/** What is followed of a task. */
interface Task extends SweepState, RepeatState {
  exit: Exit | null;
  window: Window | null;
  /** Line of the window's beginning, and the CPUs on which the task ran since. */
  since: number;
  cpus: number[];
  suspect: TraceRecord | null;
  wait: MmioWait | null;
}

/** A fault that is settled. */
export interface SettledFault {
  readonly fault: Fault;
  readonly outcome: FaultOutcome;
  readonly isCut: boolean;
  readonly settledBy: TraceRecord | null;
}

/** A line that tells of a fixed entry which was write-protected again before it was printed. */
export interface ProtectedAgain {
  readonly time: string | null;
  /** The pid. */
  readonly task: number;
  readonly gfn: string;
}

/** CPUs of a window that are remembered. */
const MAX_WINDOW_CPUS = 64;
const NX_TASK = 'kvm-nx-';
const NOTIFIERS: ReadonlySet<string> = new Set([
  'kvm_age_hva',
  'kvm_test_age_hva',
  'kvm_unmap_hva_range',
  'kvm_set_spte_hva',
  'kvm_age_page',
]);

/** Collects what happened in a trace, line by line, in memory that does not grow with it. */
export class Story {
  lines: number = 0;
  /** Times of the first line and of the last. */
  first: string | null = null;
  last: string | null = null;
  readonly order: Order = new Order();
  readonly events: Counter<string> = new Counter(MAX_NAMES);
  readonly tasks: Counter<string> = new Counter(MAX_NAMES);
  readonly byCpu: Counter<number> = new Counter(MAX_NAMES);
  readonly vcpus: Counter<number> = new Counter(MAX_NAMES);
  readonly exitReasons: Counter<string> = new Counter(MAX_NAMES);
  readonly kinds: Counter<string> = new Counter(MAX_NAMES);
  readonly codes: Counter<string> = new Counter(MAX_NAMES);
  readonly accesses: Counter<string> = new Counter(MAX_NAMES);
  readonly stages: Counter<string> = new Counter(MAX_NAMES);
  readonly outcomes: Counter<FaultOutcome> = new Counter(MAX_NAMES);
  readonly addresses: Counter<bigint> = new Counter(MAX_PAGES);
  readonly pages: Counter<number> = new Counter(MAX_PAGES);
  readonly changes: Counter<string> = new Counter(MAX_NAMES);
  readonly generations: Counter<number> = new Counter(MAX_NAMES);
  readonly notifiers: Map<string, Counter<string>> = new Map();
  readonly agePage: Counter<string> = new Counter(MAX_NAMES);
  readonly splitErrnos: Counter<number> = new Counter(MAX_NAMES);
  readonly ringPushes: Counter<number> = new Counter(MAX_NAMES);
  readonly vcpusOfTask: Map<number, Set<number>> = new Map();
  readonly protectedAgain: FirstOf<ProtectedAgain> = new FirstOf(MAX_ITEMS);
  readonly mmio: Mmio = new Mmio();
  readonly nx: NxSplits = new NxSplits();
  readonly sweeps: Sweeps = new Sweeps();
  readonly repeats: Repeats = new Repeats();
  readonly losses: Losses = new Losses();
  faults: number = 0;
  faultsCutByLoss: number = 0;
  mappedByAnotherVcpuFirst: number = 0;
  nxRecoveryZaps: number = 0;
  readonly #tasks: Map<number, Task> = new Map();
  readonly #readers: readonly ExitReader[];
  readonly #results: RawResults;
  #mode: NonNullable<MachineHints['mode']>;
  readonly #settled: (fault: SettledFault) => void;

  /** @param settled hears of each fault, behind its last line */
  constructor(options: StoryOptions, settled: (fault: SettledFault) => void) {
    this.#readers = options.exits ?? [];
    this.#mode = options.vendor === 'svm' ? 'npt' : 'ept';
    this.#results = resultsOf(options.kernel);
    this.#settled = settled;
  }

  /** Takes a line of the input. */
  take({ line, text, record }: TraceEntry): void {
    const event = (record?.pid ?? null) === null ? readEvent(text, line) : record;
    if (event !== null) this.event(event);
    else if (record === null) this.mark(line, readLossMark(text));
  }

  /** Takes what a tracer says of lost events, where it says it. */
  mark(line: number, mark: LossMark | null): void {
    if (mark !== null) this.order.put(null, () => this.losses.mark(line, mark));
  }

  /** Takes an event. Those that come somewhat late are put where their time says. */
  event(record: TraceRecord): void {
    const { pid, timestamp } = record;
    const time = nanoseconds(timestamp);
    if (pid === null || time === null) return;
    this.order.put({ time, pid }, () => this.#event(record, pid));
  }

  #event(record: TraceRecord, pid: number): void {
    const { event, cpu, timestamp } = record;
    this.lines++;
    this.first ??= timestamp;
    this.last = timestamp;
    this.events.add(event);
    this.tasks.add(taskOf(record));
    const task = this.#taskOf(pid);
    if (cpu !== null) {
      this.byCpu.add(cpu);
      this.losses.line(cpu, record.timestamp);
      if (task.window !== null && task.cpus.length < MAX_WINDOW_CPUS && !task.cpus.includes(cpu))
        task.cpus.push(cpu);
    }
    const change = isChange(record) ? changeOf(record, this.#mode === 'ept') : null;
    if (change !== null) this.changes.add(change.kind);
    this.sweeps.take(task, record, change);
    if (event === 'kvm_exit') this.#exit(task, record);
    else if (event === 'kvm_page_fault') this.#fault(task, record);
    else this.#other(task, record, change);
  }

  /** To be called behind the last line. */
  end(): void {
    this.order.end();
    for (const task of this.#tasks.values()) this.#closeTask(task);
    this.#tasks.clear();
  }

  #closeTask(task: Task): void {
    this.#closeWindow(task);
    this.mmio.close(task);
    this.repeats.close(task);
    this.sweeps.close(task);
  }

  #taskOf(pid: number): Task {
    let task = this.#tasks.get(pid);
    if (task === undefined) {
      if (this.#tasks.size >= MAX_TASKS) this.#forget();
      task = newTask();
      this.#tasks.set(pid, task);
    }
    return task;
  }

  /** Forgets the task that was seen first. */
  #forget(): void {
    for (const [pid, task] of this.#tasks) {
      this.#closeTask(task);
      this.#tasks.delete(pid);
      return;
    }
  }

  #exit(task: Task, record: TraceRecord): void {
    this.#closeWindow(task);
    this.mmio.close(task);
    this.sweeps.close(task);
    const exit = exitOf(record, this.#readers);
    this.#mode = exit.hints.mode ?? this.#mode;
    task.exit = exit;
    this.exitReasons.add(exit.reason);
    this.#vcpu(pidOf(record), exit.vcpu);
    if (exit.isReserved) this.mmio.exit(task, exit);
  }

  #fault(task: Task, record: TraceRecord): void {
    this.#closeWindow(task);
    this.faults++;
    const fault = faultOf(record, task.exit, this.#mode);
    if (fault === null) return;
    const { vcpu, address, page, code, kind, access, stage } = fault;
    this.#vcpu(pidOf(record), vcpu);
    this.kinds.add(kind);
    this.codes.add(hexOf(code));
    this.accesses.add(access);
    this.stages.add(`${kind}:${stage ?? 'None'}`);
    this.addresses.add(address);
    this.pages.add(page);
    task.window = openWindow(fault);
    task.since = record.line;
    task.cpus = record.cpu === null ? [] : [record.cpu];
    task.suspect = this.repeats.suspect(record.pid);
  }

  #vcpu(pid: number, vcpu: number | null): void {
    if (vcpu === null) return;
    this.vcpus.add(vcpu);
    const known = this.vcpusOfTask.get(pid);
    if (known !== undefined) known.add(vcpu);
    else if (this.vcpusOfTask.size < MAX_NAMES) this.vcpusOfTask.set(pid, new Set([vcpu]));
  }

  #other(task: Task, record: TraceRecord, change: Change | null): void {
    const { event } = record;
    if (task.window !== null) watch(task.window, record, change, this.#results);
    this.mmio.take(task, record);
    this.nx.take(record, task.window);
    if (NOTIFIERS.has(event)) this.#notifier(record);
    COUNTED[event]?.(this, record, this.#results);
  }

  #notifier(record: TraceRecord): void {
    const { event } = record;
    let byTask = this.notifiers.get(event);
    if (byTask === undefined) {
      byTask = new Counter(MAX_NAMES);
      this.notifiers.set(event, byTask);
    }
    byTask.add(taskOf(record));
    if (event === 'kvm_unmap_hva_range') this.repeats.unmap(record);
  }

  #closeWindow(task: Task): void {
    const { window } = task;
    if (window === null) return;
    task.window = null;
    const { fault } = window;
    const isCut = task.cpus.some((cpu) => this.losses.since(task.since, cpu));
    const outcome = outcomeOf(window, isCut);
    if (isCut) this.faultsCutByLoss++;
    this.outcomes.add(outcome);
    if (outcome === 'mapped' && fault.kind === 'tdp' && !window.leafMapped) this.mappedByAnotherVcpuFirst++;
    this.nx.settle(window);
    this.repeats.take(task, fault, outcome, task.suspect);
    this.#settled({ fault, outcome, isCut, settledBy: window.settledBy });
  }
}

function newTask(): Task {
  return {
    exit: null,
    window: null,
    since: 0,
    cpus: [],
    suspect: null,
    wait: null,
    pending: null,
    open: null,
    run: null,
  };
}

/** Lines that are only counted. */
const COUNTED: Readonly<Record<string, (story: Story, record: TraceRecord, results: RawResults) => void>> = {
  kvm_mmu_zap_all_fast(story, record) {
    story.generations.add(numberOf(record, 'gen', 'mmu_valid_gen') ?? -1);
  },
  kvm_mmu_split_huge_page(story, record) {
    story.splitErrnos.add(numberOf(record, 'errno') ?? -1);
  },
  kvm_mmu_prepare_zap_page(story, record) {
    if (record.task?.startsWith(NX_TASK) === true) story.nxRecoveryZaps++;
  },
  kvm_age_page(story, record) {
    const { state, referenced } = record.fields;
    story.agePage.add(referenced === undefined ? String(state) : referenced === 0 ? 'OLD' : 'YOUNG');
  },
  kvm_dirty_ring_push(story, record) {
    story.ringPushes.add(pidOf(record));
  },
  fast_page_fault(story, record, results) {
    const after = record.sptes.find(({ role }) => role === 'new')?.value;
    if (after === undefined || !isFixed(record, results) || (after & 2n) !== 0n) return;
    const page = pageOf(wordOf(record, 'gva', 'cr2_or_gpa')) ?? 0;
    story.protectedAgain.add({ time: record.timestamp, task: pidOf(record), gfn: hexOf(page) });
  },
};

/** Results of `fast_page_fault` by the numbers that a kernel gives them; those of 6.12 where it is not known. */
function resultsOf([major, minor]: readonly [number, number] = [6, 12]): RawResults {
  const version = major * 1000 + minor;
  if (version < 5019) return { fixed: 3, spurious: 4 };
  return version < 6012 ? { fixed: 4, spurious: 5 } : { fixed: 5, spurious: 6 };
}
