// SPDX-License-Identifier: GPL-2.0-only
import type { Seen } from '@spte/trace';
import type { ToldSplat } from './log-errata.ts';

/** Splats that show no entry, by what they are, with how often each is there and in which line first. */
export type SplatsSeen = Readonly<Record<string, Seen>>;

/** Counts splats. */
interface SplatCounter {
  readonly add: (splat: ToldSplat) => void;
  /** Takes what was counted in other lines, in any order. */
  readonly merge: (seen: SplatsSeen) => void;
  readonly seen: () => SplatsSeen;
}

export function splatCounter(): SplatCounter {
  const all = new Map<string, Seen>();
  const put = (name: string, { count, first }: Seen): void => {
    const before = all.get(name) ?? { count: 0, first };
    all.set(name, { count: before.count + count, first: Math.min(before.first, first) });
  };
  return {
    add: ({ name, line }) => put(name, { count: 1, first: line }),
    merge(seen) {
      for (const [name, one] of Object.entries(seen)) put(name, one);
    },
    seen: () => Object.fromEntries([...all].toSorted(([, a], [, b]) => a.first - b.first)),
  };
}
