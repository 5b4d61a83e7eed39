// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, PT, toJson } from '@spte/core';
import { machine } from '@spte/testing/machines';
import { summarizeWalk, walk, walkSummarizer } from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { leaf, startTables } from './tables.ts';

describe('the summary of a walk', () => {
  const mmu = machine('EPT with A/D');
  const { memory, root, put } = startTables(mmu);
  const clean = leaf(mmu, 1, 0x10n);
  put([0, 0, 0, 0], clean);
  put([0, 0, 0, 1], leaf(mmu, 1, 0x11n) & ~mmu.masks.dirty);
  put([0, 0, 0, 2], leaf(mmu, 1, 0x12n) & ~mmu.masks.accessed);
  put([0, 0, 0, 3], leaf(mmu, 1, 0x13n, { hostWritable: false, access: 5 }));
  // Uncached, and four with a memory type that is none.
  put([0, 0, 0, 4], leaf(mmu, 1, 0x14n) & ~mmu.masks.memtype);
  for (const i of [5, 6, 7, 8]) put([0, 0, 0, i], leaf(mmu, 1, BigInt(i)) | 0x38n);
  put([0, 0, 0, 9], 1n << 62n);
  put([0, 0, 1], leaf(mmu, 2, 0x200n));
  const summary = summarizeWalk(mmu, walk(mmu, memory, { root }));

  it('counts entries by kind and level', () => {
    expect(summary.entries).toBe(14);
    expect(summary.kinds).toEqual({
      leaf: 10,
      tracked: 0,
      table: 3,
      mmio: 0,
      frozen: 0,
      empty: 0,
      unknown: 1,
    });
    expect(summary.levels.map(({ level }) => level)).toEqual([4, 3, 2, 1]);
    expect(summary.levels[2]).toEqual({
      level: 2,
      entryBytes: 0x200000n,
      entries: 2,
      kinds: { leaf: 1, tracked: 0, table: 1, mmio: 0, frozen: 0, empty: 0, unknown: 0 },
      mapped: { leaves: 1, bytes: 0x200000n },
    });
  });

  it('adds up what leaves map, and how much of that was used', () => {
    expect(summary.mapped).toEqual({ leaves: 10, bytes: 0x200000n + 9n * 4096n });
    expect(summary.accessed.leaves).toBe(9);
    expect(summary.dirty.leaves).toBe(8);
    expect(summary.writable.leaves).toBe(9);
    expect(summary.executable.leaves).toBe(9);
    expect(summary.executable.bytes).toBe(9n * 4096n);
  });

  it('tells memory types apart, most bytes first', () => {
    expect(summary.memtypes.map(({ memtype, leaves }) => [memtype, leaves])).toEqual([
      ['WB', 5],
      ['reserved', 4],
      ['UC', 1],
    ]);
  });

  it('says why leaves are read-only, most bytes first', () => {
    const tables = startTables(mmu);
    const readOnly = leaf(mmu, 1, 0x10n) & ~PT.writable.mask;
    const { hostWritable, mmuWritable } = mmu.masks;
    const of = (mask: bigint, indexes: readonly number[]): void => {
      for (const i of indexes) tables.put([0, 0, 0, i], readOnly & ~mask);
    };
    of(0n, [0, 1]);
    of(mmuWritable, [2, 3, 4]);
    of(mmuWritable | hostWritable, [5]);
    tables.put([0, 0, 0, 6], leaf(mmu, 1, 0x10n));
    const counted = summarizeWalk(mmu, walk(mmu, tables.memory, { root: tables.root }));
    expect(counted.readOnly).toEqual([
      { reason: 'write-tracking', leaves: 3, bytes: 3n * 4096n },
      { reason: 'dirty-logging', leaves: 2, bytes: 2n * 4096n },
      { reason: 'host', leaves: 1, bytes: 4096n },
    ]);
    expect(summary.readOnly).toEqual([{ reason: 'host', leaves: 1, bytes: 4096n }]);
  });

  it('counts findings, with the first three entries of each', () => {
    expect(summary.findings.map(({ code, severity, count }) => [code, severity, count])).toEqual([
      ['bad-memtype', 'error', 4],
      ['not-an-spte', 'error', 1],
    ]);
    expect(summary.findings[0]?.examples.map(({ gpa }) => gpa)).toEqual([0x5000n, 0x6000n, 0x7000n]);
  });

  it('fits into JSON', () => {
    expect(JSON.parse(JSON.stringify(toJson(summary)))).toMatchObject({
      mapped: { leaves: 10, bytes: '0x209000' },
    });
  });

  it('is that of nothing for no entries', () => {
    expect(summarizeWalk(mmu, [])).toMatchObject({
      entries: 0,
      levels: [],
      memtypes: [],
      readOnly: [],
      findings: [],
    });
    expect(Object.values(summarizeWalk(mmu, []).kinds)).toEqual(Array(7).fill(0));
  });

  it('can be asked for at any time, and grows on', () => {
    const summarizer = walkSummarizer(mmu);
    const counts = [...walk(mmu, memory, { root })].map((entry) => {
      summarizer.add(entry);
      return summarizer.summary().mapped.leaves;
    });
    expect(counts).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10]);
    expect(summarizer.summary()).toEqual(summary);
  });

  it('is right where entries differ more than is remembered', () => {
    const npt = machine('NPT');
    const garbage = startTables(npt);
    const count = 512 * 10;
    const plain = leaf(npt, 1, 0n);
    for (let i = 0; i < count; i++) {
      // Bits 62:52 do not matter to the CPU, and 4 and 3 are none that KVM sets.
      const pattern = (BigInt(i & 0x7ff) << 52n) | (BigInt(i >> 11) << 3n);
      const dirty = i % 3 === 0 ? npt.masks.dirty : 0n;
      garbage.put([0, 0, i >> 9, i & 511], (plain | (BigInt(i) << 12n) | pattern) & ~dirty);
    }
    const entries = [...walk(npt, garbage.memory, { root: garbage.root })];
    const leaves = entries.filter(({ kind }) => kind === 'leaf');
    const total = summarizeWalk(npt, entries);
    expect(total.mapped.leaves).toBe(count);
    expect(total.dirty.leaves).toBe(
      leaves.filter(({ spte }) => decodeSpte(npt, spte, 1).mapping?.dirty === true).length,
    );
  });
});
