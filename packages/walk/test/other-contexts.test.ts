// SPDX-License-Identifier: GPL-2.0-only
import { createMmu } from '@spte/core';
import { machine, machines } from '@spte/testing/machines';
import { bytesMemory, sampleEntries, summarizeWalk, walk } from '@spte/walk';
import { describe, expect, it } from 'vitest';

const usual = machine('EPT with A/D');
const wider = createMmu({ ...machines['EPT with A/D'], host: { physBits: 52 } });

/** Memory with words at their addresses. */
function memoryOf(bytes: number, words: readonly (readonly [address: number, word: bigint])[]) {
  const image = new Uint8Array(bytes);
  const view = new DataView(image.buffer);
  for (const [address, word] of words) view.setBigUint64(address, word, true);
  return bytesMemory(image);
}

describe('a table that may be of several contexts', () => {
  const memory = memoryOf(0x3000, [
    [0x1000, 0x2907n],
    [0x2000, 0x600000455299b77n],
    [0x2008, 0x600800455299b77n],
    [0x2010, 0x600800455300b77n],
    [0x2018, 0xfee0000en],
  ]);

  it('has what is wrong in some of them apart', () => {
    const others = [
      { name: '52 bits', mmu: wider },
      { name: 'NPT', mmu: machine('NPT') },
    ];
    const entries = [...walk(usual, memory, { root: 0x1000n, level: 2 }, { others: others.slice(0, 1) })];
    expect(entries.map(({ findings }) => findings.length)).toEqual([0, 0, 0, 0, 0]);
    expect(entries.map(({ possible }) => possible.length)).toEqual([0, 0, 1, 1, 0]);
    const { findings, possible } = summarizeWalk(usual, entries);
    expect(findings).toEqual([]);
    expect(possible).toMatchObject([{ code: 'reserved-bits', count: 2 }]);
    // What is MMIO elsewhere is looked at value by value.
    const all = [...walk(usual, memory, { root: 0x1000n, level: 2 }, { others })];
    expect(all.map(({ kind }) => kind)).toEqual(entries.map(({ kind }) => kind));
  });

  it('is not followed beyond the addresses of the likeliest', () => {
    const far = memoryOf(0x2000, [[0x1000, 0x800000002907n]]);
    const [entry] = walk(usual, far, { root: 0x1000n, level: 2 }, { others: [{ name: '52', mmu: wider }] });
    expect(entry?.findings.map(({ code }) => code)).toEqual(['table-reserved-address']);
  });
});

describe('a sample of entries', () => {
  it('is of the tables below a root, whoever wrote them', () => {
    const memory = memoryOf(0x4000, [
      [0x1000, 0x2007n],
      [0x1008, (1n << 47n) | 0x3027n],
      [0x1010, 0x2007n],
      [0x1018, 0x9000087n],
      [0x1020, 0x600n],
      [0x1028, 0xff000007n],
      [0x2000, 0x5077n],
      [0x3ff8, 0x6077n],
    ]);
    expect(
      [...sampleEntries(memory, 0x1000n, 2)].map(({ value, level }) => [value & 0xffffffn, level]),
    ).toEqual([
      [0x2007n, 2],
      [0x3027n, 2],
      [0x2007n, 2],
      [0x9000087n & 0xffffffn, 2],
      [0x600n, 2],
      [0x000007n, 2],
      [0x5077n, 1],
      [0x6077n, 1],
    ]);
  });

  it('is empty where there is no table, and ends in a loop', () => {
    expect([...sampleEntries(memoryOf(0x1000, []), 0x8000n, 4)]).toEqual([]);
    const loop = memoryOf(0x2000, [[0x1000, 0x1007n]]);
    expect([...sampleEntries(loop, 0x1000n, 4)]).toEqual([{ value: 0x1007n, level: 4 }]);
    expect(() => [...sampleEntries(loop, 0x1000n, 6)]).toThrow(RangeError);
  });

  it('is of 64 tables at most', () => {
    const tables = Array.from(
      { length: 100 },
      (_, i) => [0x1000 + 8 * i, BigInt((i + 2) * 0x1000 + 7)] as const,
    );
    const leaves = tables.map(([, word], i) => [Number(word & ~7n), BigInt(i + 1) << 12n] as const);
    const entries = [...sampleEntries(memoryOf(0x70000, [...tables, ...leaves]), 0x1000n, 2)];
    expect(entries.filter(({ level }) => level === 1)).toHaveLength(63);
  });
});
