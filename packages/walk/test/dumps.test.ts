// SPDX-License-Identifier: GPL-2.0-only
import { diffWalks, summarizeWalk, translate, walk } from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { groundTruth, memoryOf, type RunName, runNames, runs, walkLines } from './dumps.ts';

describe.each(runNames)('the tables of %s', (run) => {
  const { mmu, root } = runs[run];
  const memory = memoryOf(run);

  it('have the entries that another walker found, and no finding', () => {
    const entries = [...walk(mmu, memory, { root }, { empty: true })].filter(({ spte }) => spte !== 0n);
    expect(entries.map(({ level, gpa, spte, kind }) => ({ level, gpa, spte, kind }))).toEqual(walkLines(run));
    expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('have the entries that are not empty when no other is asked for', () => {
    const expected = walkLines(run).filter(({ kind }) => kind !== 'empty');
    const entries = [...walk(mmu, memory, { root })];
    expect(entries.map(({ level, gpa, spte, kind }) => ({ level, gpa, spte, kind }))).toEqual(expected);
  });

  it('translate as the host said, where they map anything', () => {
    const answers = groundTruth(run).map(([gpa, hpa]) => ({
      hpa,
      answer: translate(mmu, memory, { root }, gpa),
    }));
    const mapped = answers.filter(({ answer }) => answer.hpa !== null);
    expect(mapped.map(({ answer }) => answer.hpa)).toEqual(mapped.map(({ hpa }) => hpa));
    const rest = answers.filter(({ answer }) => answer.hpa === null);
    expect(rest.every(({ answer }) => answer.outcome === 'empty')).toBe(true);
    // What the dump's own ROOT.txt counts; the rest had been swapped out.
    expect([mapped.length, rest.length]).toEqual(run === 'vmx61-ept-noad-dump' ? [11, 17] : [28, 0]);
  });

  it('do not differ from themselves', () => {
    const again = walk(mmu, memory, { root });
    expect([...diffWalks(walk(mmu, memory, { root }), again)]).toEqual([]);
  });
});

describe('the summary of a real table', () => {
  const summaryOf = (run: RunName) =>
    summarizeWalk(runs[run].mmu, walk(runs[run].mmu, memoryOf(run), { root: runs[run].root }));

  it('counts levels, sizes and what was used (6.12, NPT with huge pages)', () => {
    const summary = summaryOf('svm612-npt-huge-dump');
    expect(summary.kinds).toEqual({
      leaf: 69,
      tracked: 0,
      table: 22,
      mmio: 9,
      frozen: 0,
      empty: 0,
      unknown: 0,
    });
    expect(summary.levels.map(({ level, entries, mapped }) => [level, entries, mapped.leaves])).toEqual([
      [4, 2, 0],
      [3, 9, 0],
      [2, 15, 4],
      [1, 74, 65],
    ]);
    expect(summary.mapped).toEqual({ leaves: 69, bytes: 4n * 0x200000n + 65n * 4096n });
    expect(summary.memtypes).toEqual([{ memtype: null, ...summary.mapped }]);
    expect(summary.findings).toEqual([]);
  });

  it('counts tracked leaves as mapped, not as accessed (6.1, EPT without A/D)', () => {
    const summary = summaryOf('vmx61-ept-noad-dump');
    expect(summary.kinds).toMatchObject({ leaf: 4, tracked: 1549, table: 21, mmio: 7 });
    expect(summary.mapped.leaves).toBe(1553);
    expect(summary.accessed).toEqual({ leaves: 4, bytes: 4n * 4096n });
    expect(summary.memtypes).toEqual([{ memtype: 'WB', ...summary.mapped }]);
  });

  it('tells writable from dirty (6.1, NPT)', () => {
    const { mapped, dirty, writable, executable } = summaryOf('svm61-npt-tdp-dump');
    expect(mapped.leaves).toBe(2110);
    expect(executable).toEqual(mapped);
    expect(dirty.leaves).toBeLessThan(mapped.leaves);
    expect(writable.leaves).toBeLessThan(mapped.leaves);
  });
});
