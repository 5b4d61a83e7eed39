// SPDX-License-Identifier: GPL-2.0-only
import type { Random } from '@spte/testing/random';

/** What became of an input. */
export interface Outcome {
  /** How it ended, for the statistics: `read`, or in what way it was refused. */
  readonly ending: string;
  /** How much of what `Target.unit` names was in it. */
  readonly count: number;
}

/** Something to be fed with broken inputs. */
export interface Target {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** The longest that an input may take, in milliseconds; a second when absent. */
  readonly slow?: number;
  /** Makes a broken input. */
  input(random: Random): Uint8Array;
  /** Feeds it to the reader. Throws what must never happen: any error that is not one of its refusals. */
  feed(input: Uint8Array): Outcome;
}

/** Complains unless it holds. */
export function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}
