// SPDX-License-Identifier: GPL-2.0-only
import { MAX_HELD, MAX_TASKS } from './limits.ts';

interface Held {
  readonly time: number;
  readonly go: () => void;
}

/** Brings lines into the order of their time; those of one time stay in that of the input. Holds a few thousand. */
export class Order {
  /** Lines that are earlier than one before them. */
  late: number = 0;
  /** Of those, lines that are earlier than one before them of the same task. */
  lateWithinTask: number = 0;
  #held: Held[] = [];
  #latest = 0;
  readonly #latestOf: Map<number, number> = new Map();

  /**
   * Takes a line.
   *
   * @param when its time and its task; null for one without, which stays behind the line before it
   * @param go what is done in its turn
   */
  put(when: { readonly time: number; readonly pid: number } | null, go: () => void): void {
    if (when !== null) this.#count(when.time, when.pid);
    const item = { time: when?.time ?? this.#held.at(-1)?.time ?? this.#latest, go };
    let at = this.#held.length;
    while (at > 0 && (this.#held[at - 1] as Held).time > item.time) at--;
    if (at === this.#held.length) this.#held.push(item);
    else this.#held.splice(at, 0, item);
    if (this.#held.length >= 2 * MAX_HELD) this.#release(MAX_HELD);
  }

  #count(time: number, pid: number): void {
    if (time < this.#latest) this.late++;
    this.#latest = Math.max(time, this.#latest);
    const latest = this.#latestOf.get(pid) ?? 0;
    if (time < latest) this.lateWithinTask++;
    if (this.#latestOf.has(pid) || this.#latestOf.size < MAX_TASKS)
      this.#latestOf.set(pid, Math.max(time, latest));
  }

  #release(count: number): void {
    const due = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    for (const { go } of due) go();
  }

  /** Lets go of all lines. */
  end(): void {
    this.#release(this.#held.length);
  }
}
