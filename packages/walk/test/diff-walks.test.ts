// SPDX-License-Identifier: GPL-2.0-only

import { machine } from '@spte/testing/machines';
import { sampled } from '@spte/testing/sampled';
import { diffWalks, type WalkChange, type WalkEntry, walk } from '@spte/walk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaf, startTables } from './tables.ts';

const mmu = machine('NPT');

/** Changes as a reader would say them. */
const told = (changes: Iterable<WalkChange>): [string, number, bigint][] =>
  [...changes].map(({ change, before, after }) => {
    const { level, gpa } = before ?? after;
    return [change, level, gpa];
  });

describe('diffWalks', () => {
  const build = (put: (tables: ReturnType<typeof startTables>) => void) => {
    const tables = startTables(mmu);
    put(tables);
    return () => walk(mmu, tables.memory, { root: tables.root });
  };
  const old = build(({ put }) => {
    put([0, 0, 0, 0], leaf(mmu, 1, 0x1n));
    put([0, 0, 0, 1], leaf(mmu, 1, 0x2n));
    put([0, 0, 0, 3], leaf(mmu, 1, 0x3n));
  });
  const now = build(({ put }) => {
    put([0, 0, 0, 0], leaf(mmu, 1, 0x1n));
    put([0, 0, 0, 2], leaf(mmu, 1, 0x2n));
    put([0, 0, 0, 3], leaf(mmu, 1, 0x33n));
    put([0, 0, 1], leaf(mmu, 2, 0x200n));
  });

  it('tells what was added, removed and changed, in address order', () => {
    expect(told(diffWalks(old(), now()))).toEqual([
      ['removed', 1, 0x1000n],
      ['added', 1, 0x2000n],
      ['changed', 1, 0x3000n],
      ['added', 2, 0x200000n],
    ]);
    expect(told(diffWalks(now(), old())).map(([change]) => change)).toEqual([
      'added',
      'removed',
      'changed',
      'removed',
    ]);
  });

  it('takes a huge page that was split for a change with additions below', () => {
    const whole = build(({ put }) => put([0, 0, 0], leaf(mmu, 2, 0x200n)));
    const split = build(({ put }) => put([0, 0, 0, 0], leaf(mmu, 1, 0x200n)));
    expect(told(diffWalks(whole(), split()))).toEqual([
      ['changed', 2, 0n],
      ['added', 1, 0n],
    ]);
  });

  it('reads no further than it is read, and closes both walks', () => {
    const closed: string[] = [];
    const watch = function* (name: string, entries: Iterable<WalkEntry>): Generator<WalkEntry> {
      try {
        yield* entries;
      } finally {
        closed.push(name);
      }
    };
    for (const { change } of diffWalks(watch('old', old()), watch('now', now()))) {
      expect(change).toBe('removed');
      break;
    }
    expect(closed).toEqual(['old', 'now']);
  });

  it('takes arrays as well as walks', () => {
    const entries = [...old()];
    expect(told(diffWalks(entries, []))).toHaveLength(entries.length);
    expect([...diffWalks([], [])]).toEqual([]);
  });

  it('tells exactly what a comparison by hand tells', () => {
    const anyPages = fc.uniqueArray(fc.nat(30), { maxLength: 20 });
    const anySide = fc.tuple(anyPages, fc.bigInt({ min: 0n, max: 1n }));
    const leaves = ([pages, salt]: [number[], bigint]): Map<number, bigint> =>
      new Map(pages.map((page) => [page, leaf(mmu, 1, BigInt(page) * 2n + (page % 3 === 0 ? salt : 0n))]));
    fc.assert(
      fc.property(anySide, anySide, (a, b) => {
        const [before, after] = [leaves(a), leaves(b)];
        const walkOf = (side: ReadonlyMap<number, bigint>) =>
          build(({ put }) => {
            put([1], 0n);
            for (const [page, spte] of side) put([0, 0, 0, page], spte);
          })();
        const byHand = [...new Set([...before.keys(), ...after.keys()])]
          .toSorted((x, y) => x - y)
          .flatMap((page): [string, bigint][] => {
            const gpa = BigInt(page) << 12n;
            if (!before.has(page)) return [['added', gpa]];
            if (!after.has(page)) return [['removed', gpa]];
            return before.get(page) === after.get(page) ? [] : [['changed', gpa]];
          });
        const changes = told(diffWalks(walkOf(before), walkOf(after))).filter(([, level]) => level === 1);
        expect(changes.map(([change, , gpa]) => [change, gpa])).toEqual(byHand);
      }),
      { numRuns: sampled(20, 50) },
    );
  });
});
