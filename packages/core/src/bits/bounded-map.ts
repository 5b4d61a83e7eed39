// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger } from './arguments.ts';

/**
 * Answers that are remembered, up to a limit: a map that starts again from nothing when it is full. Real inputs have a
 * few dozen patterns and never fill one; hostile inputs cannot make it grow.
 */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number;
  readonly #whenFull: () => void;

  /**
   * @param max keys at most, 1..2^24
   * @param whenFull called before all is forgotten, while it is still there
   * @throws TypeError, RangeError when `max` is no such number
   */
  constructor(max: number, whenFull: () => void = () => undefined) {
    super();
    this.#max = checkInteger('max', max, 1, 2 ** 24);
    this.#whenFull = whenFull;
  }

  /** Remembers an answer; a full map forgets all others first. */
  override set(key: Key, value: Value): this {
    if (this.size >= this.#max && !this.has(key)) {
      this.#whenFull();
      this.clear();
    }
    return super.set(key, value);
  }
}
