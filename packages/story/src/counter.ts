// SPDX-License-Identifier: GPL-2.0-only

/** Counts of things by name, of so many different ones at most: others are counted together. */
export class Counter<Key> {
  readonly counts: Map<Key, number> = new Map();
  /** How often something was counted for which there was no room. */
  uncounted: number = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(key: Key, by = 1): void {
    const before = this.counts.get(key);
    if (before !== undefined) this.counts.set(key, before + by);
    else if (this.counts.size < this.#max) this.counts.set(key, by);
    else this.uncounted += by;
  }

  /** All counts together. */
  get total(): number {
    let sum = this.uncounted;
    for (const count of this.counts.values()) sum += count;
    return sum;
  }

  /** The most frequent first; of equal ones the smaller key. */
  sorted(): [Key, number][] {
    return [...this.counts].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  }

  /** As an object for JSON. */
  json(name: (key: Key) => string = String): Record<string, number> {
    return Object.fromEntries(this.sorted().map(([key, count]) => [name(key), count]));
  }
}

/** A list of which only the first items are kept, and all counted. */
export class FirstOf<Item> {
  readonly items: Item[] = [];
  count: number = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(item: Item): void {
    this.count++;
    if (this.items.length < this.#max) this.items.push(item);
  }
}
