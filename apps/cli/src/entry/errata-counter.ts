// SPDX-License-Identifier: GPL-2.0-only
import type { Strength } from '@spte/errata';
import type { ErrataLine } from './log-errata.ts';

/** How often a known bug shows. */
interface ErratumSeen {
  /** The surest of its matches. */
  readonly strength: Strength;
  readonly count: number;
  /** Number of the first line that shows it. */
  readonly first: number;
}

/** Known bugs by their names, with how often each shows. */
export type ErrataSeen = Readonly<Record<string, ErratumSeen>>;

const STRENGTHS: readonly Strength[] = ['could be', 'looks like', 'is'];

const surer = (a: Strength, b: Strength): Strength => (STRENGTHS.indexOf(a) < STRENGTHS.indexOf(b) ? b : a);

/** Counts the known bugs that lines show. */
interface ErrataCounter {
  /** Takes a line, or a splat by its first line. */
  readonly add: (shown: Pick<ErrataLine, 'line' | 'errata'>) => void;
  /** Takes what was counted in other lines, in any order. */
  readonly merge: (seen: ErrataSeen) => void;
  readonly seen: () => ErrataSeen;
}

export function errataCounter(): ErrataCounter {
  const all = new Map<string, ErratumSeen>();
  const put = (id: string, now: ErratumSeen): void => {
    const { strength, count, first } = all.get(id) ?? { strength: now.strength, count: 0, first: now.first };
    all.set(id, {
      strength: surer(strength, now.strength),
      count: count + now.count,
      first: Math.min(first, now.first),
    });
  };
  return {
    add({ line, errata = [] }) {
      for (const { id, strength } of errata) put(id, { strength, count: 1, first: line });
    },
    merge(seen) {
      for (const [id, one] of Object.entries(seen)) put(id, one);
    },
    seen: () => Object.fromEntries([...all].toSorted(([, a], [, b]) => a.first - b.first)),
  };
}
