// SPDX-License-Identifier: GPL-2.0-only
import { isMissing } from '@spte/vmcore';

/** Something that was wanted and is not there: what it was wanted for, and why it is not. */
export interface Problem {
  /** The object: `slots of VM 185`. */
  readonly what: string;
  /** Why it could not be read. */
  readonly why: string;
}

/** Collects what is not there, so that the rest goes on. */
export class Problems {
  readonly list: Problem[] = [];

  /** Does something; where a part of the dump is missing or damaged, notes that and gives `otherwise`. */
  attempt<Result>(what: string, work: () => Result, otherwise: Result): Result {
    try {
      return work();
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.list.push({ what, why: error.message });
      return otherwise;
    }
  }

  /** What a generator yields until a part of the dump is missing or damaged, which is noted. */
  *each<Item>(what: string, items: Iterable<Item>): Generator<Item, void> {
    try {
      yield* items;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.list.push({ what, why: error.message });
    }
  }
}
