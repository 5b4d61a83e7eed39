// SPDX-License-Identifier: GPL-2.0-only
import { type Mmu, markSpteForAccessTrack, PT, plainHost } from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { KERNELS, MACHINE_NAMES, machine } from '@spte/testing/machines';
import { sampled } from '@spte/testing/sampled';
import { translate, walk } from '@spte/walk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyMemory, leaf, type Path, startTables } from './tables.ts';

const ept = machine('EPT without A/D, L1TF');

describe('translate', () => {
  const { memory, root, put } = startTables(ept);
  put([0, 0, 0, 5], leaf(ept, 1, 0x1234n));
  put([0, 0, 0, 6], markSpteForAccessTrack(ept, leaf(ept, 1, 0x1235n)));
  put([0, 0, 0, 7], makeMmioSpte(ept, plainHost, 0x7n, 6));
  put([0, 0, 0, 8], ept.layout.frozen as bigint);
  put([0, 0, 0, 9], 0x1000n);
  put([0, 0, 1], leaf(ept, 2, 0x400n));
  put([0, 1], leaf(ept, 3, 0x40000n));
  const at = (gpa: bigint) => translate(ept, memory, { root }, gpa);

  it('shows each step and where it ends', () => {
    const { steps, ...rest } = at(0x5678n);
    expect(rest).toEqual({
      gpa: 0x5678n,
      outcome: 'leaf',
      hpa: 0x1234678n,
      readOnly: null,
      text: 'mapped: 0x5678 is at 0x1234678',
    });
    expect(steps.map(({ level, index, kind }) => [level, index, kind])).toEqual([
      [4, 0, 'table'],
      [3, 0, 'table'],
      [2, 0, 'table'],
      [1, 5, 'leaf'],
    ]);
    expect(steps[0]?.address).toBe(root);
    expect(steps[0]?.child).toBe((steps[1]?.address as bigint) & ~0xfffn);
  });

  it.each(['NPT', 'EPT with A/D'] as const)('says why a page is read-only (%s, every layout)', (name) => {
    for (const kernel of KERNELS) {
      const mmu = machine(name, { kernel });
      const { memory, root, put } = startTables(mmu);
      const { dirty, hostWritable, mmuWritable } = mmu.masks;
      const written = leaf(mmu, 1, 0x1234n);
      const protectedLeaf = written & ~PT.writable.mask & ~dirty;
      const values = [
        written,
        protectedLeaf,
        protectedLeaf & ~mmuWritable,
        protectedLeaf & ~mmuWritable & ~hostWritable,
      ];
      for (const [i, value] of values.entries()) put([0, 0, 0, i], value);
      const all = values.map((_, i) => translate(mmu, memory, { root }, BigInt(i) << 12n));
      expect(all.map(({ readOnly }) => readOnly)).toEqual([null, 'dirty-logging', 'write-tracking', 'host']);
      expect(all.map(({ text }) => text.split(', read-only: ').slice(1).join())).toEqual([
        '',
        'dirty logging, to notice the next write',
        'a page table of the guest is shadowed at this gfn, or allows no more',
        'the host has the page, or its memslot, read-only',
      ]);
    }
  });

  it('adds the offset in a huge page', () => {
    expect(at(0x3fffffn)).toMatchObject({ outcome: 'leaf', hpa: 0x5fffffn });
    expect(at(0x7fff_ffffn)).toMatchObject({ outcome: 'leaf', hpa: 0x7fff_ffffn });
  });

  it('does not take the PAT bit of a huge page for its address', () => {
    const npt = machine('NPT');
    const huge = startTables(npt);
    huge.put([0, 0, 0], leaf(npt, 2, 0x400n) | PT.patLarge.mask);
    expect(translate(npt, huge.memory, { root: huge.root }, 0x1234n)).toMatchObject({ hpa: 0x401234n });
  });

  it('says why there is no address', () => {
    expect(at(0x6000n)).toMatchObject({
      outcome: 'tracked',
      hpa: 0x1235000n,
      text: 'mapped, but access-tracked: the next access faults and gives the permissions back: 0x6000 is at 0x1235000',
    });
    expect(at(0x7000n)).toMatchObject({
      outcome: 'mmio',
      hpa: null,
      text: 'MMIO: nothing is mapped, accesses are emulated',
    });
    expect(at(0x8000n)).toMatchObject({
      outcome: 'frozen',
      hpa: null,
      text: 'frozen: a CPU was changing the entry',
    });
    expect(at(0x9000n)).toMatchObject({
      outcome: 'unknown',
      hpa: null,
      text: "the entry is not one of KVM's",
    });
    expect(at(0xa000n)).toMatchObject({ outcome: 'empty', hpa: null, text: 'not mapped' });
    expect(at(1n << 47n)).toMatchObject({ outcome: 'empty', hpa: null });
    expect(at(1n << 48n)).toEqual({
      gpa: 1n << 48n,
      steps: [],
      outcome: 'beyond-root',
      hpa: null,
      readOnly: null,
      text: 'the root does not reach that far',
    });
  });

  it('starts where it is told', () => {
    const table = at(0x5000n).steps[3]?.address as bigint;
    const part = { root: table & ~0xfffn, level: 1, gpa: 0x4000_0000n };
    expect(translate(ept, memory, part, 0x4000_5678n)).toMatchObject({ hpa: 0x1234678n });
    expect(translate(ept, memory, part, 0x3fff_ffffn)).toMatchObject({ outcome: 'beyond-root' });
  });

  it('stops at tables that are not there', () => {
    const bad = startTables(ept);
    bad.put([0, 0, 0, 0], leaf(ept, 1, 1n));
    const table = (at(0x5000n).steps[0]?.spte as bigint) & ~0xfffff000n;
    bad.memory.set(bad.root + 8n, table | bad.root);
    bad.memory.set(bad.root + 16n, table | 0x7f_0000_0000n);
    const loop = translate(ept, bad.memory, { root: bad.root }, 1n << 39n);
    expect(loop).toMatchObject({ outcome: 'table-loop', hpa: null });
    expect(loop.text).toBe('the table at 0x3f000 is a table above this entry: the tables form a loop');
    const hole = translate(ept, bad.memory, { root: bad.root }, 2n << 39n);
    expect(hole).toMatchObject({
      outcome: 'table-hole',
      text: 'the table at 0x7f00000000 is not in this memory',
    });
  });

  it('takes a 64-bit address', () => {
    expect(() => at(-1n)).toThrow('gpa must be within 0x0..0xffffffffffffffff, got -0x1');
    expect(() => at(5 as unknown as bigint)).toThrow(TypeError);
    expect(() => translate(ept, memory, { root: 0x100_0000n }, 0n)).toThrow('is not in this memory');
  });
});

/** Anything that may stand at a level, made by KVM's rules or not. */
const anyEntry = (mmu: Mmu, level: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 0xffffn }).map((n) => leaf(mmu, level, n << BigInt(9 * (level - 1)))),
    fc.bigInt({ min: 0n, max: 0xffffn }).map((gfn) => makeMmioSpte(mmu, plainHost, gfn, 6)),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.constantFrom(0n, mmu.layout.empty, mmu.layout.frozen ?? 0n),
  );

/** Few indexes, so that paths share tables. */
const anyIndex = fc.constantFrom(0, 1, 2, 3);

describe('a translation agrees with the walk', () => {
  it.each(MACHINE_NAMES)('for any gpa: %s', (name) => {
    const mmu = machine(name);
    const top = mmu.root.level;
    const pae = top === 3;
    const anyPlace = fc.integer({ min: 1, max: pae ? 2 : 3 }).chain((level) => {
      const length = top - level + 1;
      return fc.record<{ path: Path; spte: bigint }>({
        path: fc.array(anyIndex, { minLength: length, maxLength: length }),
        spte: anyEntry(mmu, level),
      });
    });
    fc.assert(
      fc.property(
        fc.array(anyPlace, { maxLength: 12 }),
        fc.array(fc.tuple(fc.array(anyIndex, { minLength: top, maxLength: top }), fc.nat(4095)), {
          minLength: 8,
        }),
        (places, gpas) => {
          const { memory, root, put } = startTables(mmu, { pae, memory: emptyMemory(100) });
          for (const { path, spte } of places) put(path, spte);
          const entries = [...walk(mmu, memory, { root }, { empty: true })];
          for (const [path, offset] of gpas) {
            const gpa = path.reduce((sum, index) => (sum << 9n) | BigInt(index), 0n) * 4096n + BigInt(offset);
            const { steps, hpa, outcome } = translate(mmu, memory, { root }, gpa);
            const covering = entries.filter((entry) => entry.gpa <= gpa && gpa < entry.gpa + entry.bytes);
            expect(steps).toEqual(covering);
            const last = covering.at(-1);
            const endings = last?.kind === 'table' ? last.findings.map(({ code }) => code) : [last?.kind];
            expect(endings).toContain(outcome);
            expect(hpa === null).toBe(outcome !== 'leaf' && outcome !== 'tracked');
          }
        },
      ),
      { numRuns: sampled(5, 25) },
    );
  });
});
