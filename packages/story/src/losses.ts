// SPDX-License-Identifier: GPL-2.0-only
import type { LossMark } from '@spte/trace';
import { Counter, FirstOf } from './counter.ts';
import { MAX_CPUS, MAX_ITEMS } from './limits.ts';

/** Events of a CPU that are not in the trace. */
export interface Gap {
  readonly line: number;
  readonly cpu: number | null;
  /** Null where the tracer does not say how many. */
  readonly events: number | null;
  /** Times of the CPU's last line before it and of the first one after it. */
  readonly after: string | null;
  before: string | null;
}

/** What the header of `trace` says of the buffer. */
export interface BufferHead {
  readonly inBuffer: number;
  readonly written: number;
  readonly cpus: number | null;
}

/** Where the lines of a CPU begin whose first are gone. */
export interface BufferStart {
  readonly line: number;
  readonly cpu: number;
  time: string | null;
}

/** Keeps what tracers say of losses, and when each CPU had its last one. */
export class Losses {
  readonly gaps: FirstOf<Gap> = new FirstOf(MAX_ITEMS);
  readonly byCpu: Counter<number> = new Counter(MAX_CPUS);
  readonly starts: FirstOf<BufferStart> = new FirstOf(MAX_ITEMS);
  head: BufferHead | null = null;
  events: number = 0;
  readonly #lastTime: Map<number, string | null> = new Map();
  readonly #open: Map<number, Gap[]> = new Map();
  readonly #begin: Map<number, BufferStart> = new Map();
  /** Numbers of the lines behind which events were lost. */
  readonly #lostAt: Map<number, number> = new Map();
  #lostAtUnknown = -1;

  readonly #max: number;

  /** @param max CPUs that are followed */
  constructor(max: number = MAX_CPUS) {
    this.#max = max;
  }

  /** Takes a mark. */
  mark(line: number, { kind, cpu, lost, kept, cpus }: LossMark): void {
    if (kind === 'head') {
      this.head = { inBuffer: kept ?? 0, written: (kept ?? 0) + (lost ?? 0), cpus };
      return;
    }
    if (cpu === null) this.#lostAtUnknown = line;
    else if (this.#lostAt.size < this.#max) this.#lostAt.set(cpu, line);
    if (kind === 'start') {
      const start = { line, cpu: cpu as number, time: null };
      this.starts.add(start);
      this.#begin.set(start.cpu, start);
      return;
    }
    const after = cpu === null ? null : (this.#lastTime.get(cpu) ?? null);
    const gap: Gap = { line, cpu, events: lost, after, before: null };
    this.gaps.add(gap);
    this.events += lost ?? 0;
    if (cpu === null) return;
    this.byCpu.add(cpu);
    this.#open.set(cpu, [...(this.#open.get(cpu) ?? []).slice(-8), gap]);
  }

  /** Takes a line of a CPU. */
  line(cpu: number, time: string | null): void {
    if (this.#lastTime.size < this.#max || this.#lastTime.has(cpu)) this.#lastTime.set(cpu, time);
    for (const gap of this.#open.get(cpu) ?? []) gap.before = time;
    this.#open.delete(cpu);
    const start = this.#begin.get(cpu);
    if (start !== undefined) start.time = time;
    this.#begin.delete(cpu);
  }

  /** Whether events of a CPU were lost behind a line. */
  since(line: number, cpu: number): boolean {
    return (this.#lostAt.get(cpu) ?? -1) > line || this.#lostAtUnknown > line;
  }
}
