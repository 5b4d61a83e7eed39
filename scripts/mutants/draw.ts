// SPDX-License-Identifier: GPL-2.0-only
// Draws mutations, the same ones for the same seed and sources.
import { type Random, random } from '@spte/testing/random';
import { groupBy } from './group-by.ts';
import type { Mutation } from './mutation.ts';

/** A list whose items come out in a random order, without an end. */
function shuffled<T>(list: readonly T[], dice: Random): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(dice.below(rest.length), 1)[0] as T);
}

/** Mutations of one part: each kind in turn, so that words, of which there are most, are a share like the others. */
function* drawPart(mutations: readonly Mutation[], dice: Random): Generator<Mutation> {
  const byKind = groupBy(shuffled(mutations, dice), ({ kind }) => kind);
  const queues = shuffled([...byKind.values()], dice);
  while (queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      const next = queue.pop();
      if (next !== undefined) yield next;
    }
  }
}

/** Draws from each part in turn, until all is drawn. */
export function* draw(parts: readonly (readonly Mutation[])[], seed: number): Generator<Mutation> {
  const dice = random(seed);
  let open = parts.map((part) => drawPart(part, dice));
  while (open.length > 0) {
    const next = open.map((queue) => [queue, queue.next()] as const);
    for (const [, { value, done }] of next) if (done !== true) yield value;
    open = next.filter(([, { done }]) => done !== true).map(([queue]) => queue);
  }
}
