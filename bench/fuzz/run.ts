// SPDX-License-Identifier: GPL-2.0-only
import { getHeapStatistics } from 'node:v8';
import { random } from '@spte/testing/random';
import type { Outcome, Target } from './target.ts';

/** When to stop: whichever comes first. */
export interface Limits {
  /** What `Target.unit` names. */
  readonly count: number;
  readonly milliseconds: number;
}

/** What a run has done. */
export interface Result {
  readonly inputs: number;
  readonly count: number;
  readonly milliseconds: number;
  /** The longest that an input took. */
  readonly slowest: { readonly milliseconds: number; readonly seed: number };
  /** The most that an input made the heap and its buffers grow by, in bytes. */
  readonly largest: { readonly bytes: number; readonly seed: number };
  /** Inputs by how they ended. */
  readonly endings: ReadonlyMap<string, number>;
}

/** An input that did what must not happen. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly seed: number;
  readonly input: Uint8Array;
  constructor(target: Target, seed: number, input: Uint8Array, cause: unknown) {
    super(`${target.name}, seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.seed = seed;
    this.input = input;
  }
}

/** The longest that an input may take, in milliseconds. */
const SLOW = 1000;

/** The most that an input may make memory grow by, in bytes: what the readers promise, and some for their own use. */
const LARGE = 384 << 20;

/** Inputs after which the clock is looked at. */
const SAMPLE = 512;

/** Bytes in the heap and in buffers outside of it, whether still in use or not. */
const memoryInUse = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
};

/**
 * Feeds a target with inputs of the seeds `first`, `first + 1` and so on: any of them can be made again alone.
 *
 * @throws Failure
 */
export function fuzz(target: Target, first: number, { count, milliseconds }: Limits): Result {
  const begin = performance.now();
  const endings = new Map<string, number>();
  let slowest = { milliseconds: 0, seed: first };
  let largest = { bytes: 0, seed: first };
  let counted = 0;
  let seed = first;
  for (; counted < count; seed++) {
    const { took, grew, ending, count } = feed(target, seed);
    counted += count;
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
    if (took > slowest.milliseconds) slowest = { milliseconds: took, seed };
    if (grew > largest.bytes) largest = { bytes: grew, seed };
    const isTime = target.slow !== undefined || (seed - first) % SAMPLE === 0;
    if (isTime && performance.now() - begin > milliseconds) break;
  }
  return {
    inputs: seed - first,
    count: counted,
    milliseconds: performance.now() - begin,
    slowest,
    largest,
    endings,
  };
}

/** What feeding an input took. */
interface Fed extends Outcome {
  readonly took: number;
  readonly grew: number;
}

/** Milliseconds that this process has worked, which do not go on while others do. */
function worked(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function feedOnce(target: Target, input: Uint8Array): Fed {
  const [memory, start] = [memoryInUse(), worked()];
  const outcome = target.feed(input);
  return { took: worked() - start, grew: memoryInUse() - memory, ...outcome };
}

/** Feeds the input of one seed. */
function feed(target: Target, seed: number): Fed {
  const input = target.input(random(seed));
  const slow = target.slow ?? SLOW;
  try {
    let fed = feedOnce(target, input);
    // Once may be the machine's fault.
    for (let again = 0; again < 2 && fed.took > slow; again++) fed = feedOnce(target, input);
    if (fed.took > slow) throw new Error(`takes ${fed.took} ms`);
    if (fed.grew > LARGE) throw new Error(`takes ${fed.grew} bytes`);
    return fed;
  } catch (error) {
    throw new Failure(target, seed, input, error);
  }
}
