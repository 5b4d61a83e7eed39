// SPDX-License-Identifier: GPL-2.0-only
import { isPresentKind, judgeSpte, makeNonleafSpte, plainHost, spteKind } from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { KERNELS, MACHINE_NAMES, machine } from '@spte/testing/machines';
import { sampled } from '@spte/testing/sampled';
import {
  bytesMemory,
  entryFindingNext,
  entryFindingText,
  summarizeWalk,
  translate,
  type WalkEntry,
  walk,
} from '@spte/walk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageFrameBits } from '../src/walk/pattern.ts';
import { emptyMemory, leaf, startTables } from './tables.ts';

const npt = machine('NPT', { host: { physBits: 40 } });
const codes = ({ findings }: WalkEntry): string[] => findings.map(({ code }) => code);
const anyU64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('a table that points to', () => {
  it('itself is not walked again', () => {
    const { memory, root } = startTables(npt);
    memory.set(root + 511n * 8n, makeNonleafSpte(npt, root, false));
    const entries = [...walk(npt, memory, { root })];
    expect(entries.map(codes)).toEqual([['table-loop']]);
    expect(entries[0]).toMatchObject({
      kind: 'table',
      child: null,
      findings: [
        { severity: 'error', bits: [12, 13, 14, 15, 16, 17], because: { rule: 'spte_to_child_pt' } },
      ],
    });
  });

  it('one above it is not walked again, all else is', () => {
    const { memory, root, put } = startTables(npt);
    const below = put([0, 0, 3, 1], leaf(npt, 1, 1n));
    put([0, 0, 0], makeNonleafSpte(npt, root, false));
    put([0, 0, 1], makeNonleafSpte(npt, below & ~0xfffn, false));
    expect([...walk(npt, memory, { root })].map((entry) => [entry.level, ...codes(entry)])).toEqual([
      [4],
      [3],
      [2, 'table-loop'],
      [2],
      [1],
      [2],
      [1],
    ]);
  });

  it('nowhere is not followed: outside the memory, cut short by its end, beyond the address bits', () => {
    const { memory, root, put } = startTables(npt);
    put([0], makeNonleafSpte(npt, 0x7f_0000_0000n, false));
    put([1], makeNonleafSpte(npt, 0x40000n, false));
    put([2], makeNonleafSpte(npt, 1n << 45n, false));
    put([3, 0, 0, 0], leaf(npt, 1, 1n));
    const short = bytesMemory(new Uint8Array([...memory.bytes, ...new Uint8Array(4095)]));
    const entries = [...walk(npt, short, { root })];
    expect(entries.map(codes)).toEqual([
      ['table-hole'],
      ['table-hole'],
      ['reserved-bits', 'table-reserved-address'],
      [],
      [],
      [],
      [],
    ]);
    const beyond = entries[2]?.findings[1];
    expect(beyond?.bits).toEqual([45]);
    expect(entries[2]?.findings.map(entryFindingText)).toEqual([
      'reserved bit 0x200000000000 is set; at level 4 0xfff0000000180 must be 0',
      "the table at 0x200000000000 is beyond the machine's physical addresses",
    ]);
    expect(entries[2]?.findings.map(entryFindingNext)).toEqual([
      'a pfn beyond MAXPHYADDR, a C-bit or key id that is not masked, or a stray write',
      'a wider machine than the one described, or a stray write',
    ]);
  });

  it('one that was walked before is walked again, but not for ever', () => {
    const memory = emptyMemory(3);
    const [root, middle, empty] = [0x0n, 0x1000n, 0x2000n];
    // Any more and the walk of the whole tree would be noticed.
    for (let i = 0n; i < 130n; i++) memory.set(root + i * 8n, makeNonleafSpte(npt, middle, false));
    for (let i = 0n; i < 512n; i++) memory.set(middle + i * 8n, makeNonleafSpte(npt, empty, false));
    const followed = new Map([
      [2, 0],
      [3, 0],
    ]);
    let first: WalkEntry | undefined;
    for (const entry of walk(npt, memory, { root, level: 3 })) {
      if (entry.child === null) first ??= entry;
      else followed.set(entry.level, (followed.get(entry.level) ?? 0) + 1);
    }
    // The two tables themselves, and 65,536 times one of them again.
    expect((followed.get(3) ?? 0) + (followed.get(2) ?? 0)).toBe(65_538);
    expect(first).toMatchObject({ level: 2, child: null, findings: [{ code: 'table-repeats' }] });
    expect(first?.findings.map(entryFindingText)).toEqual([
      'the table at 0x2000 was walked before, and 65536 tables again already: none is any more',
    ]);
    expect(first?.findings.map(entryFindingNext)).toEqual([
      'a guest that shares tables more than any known one, or an image made to keep a walk busy',
    ]);
  });

  it('a sane place with a reserved bit is followed, and the bit is named', () => {
    const { memory, root, put } = startTables(npt);
    put([0, 0, 0, 0], leaf(npt, 1, 1n));
    const spte = new DataView(memory.bytes.buffer).getBigUint64(Number(root), true);
    memory.set(root, spte | (1n << 8n));
    const entries = [...walk(npt, memory, { root })];
    expect(entries).toHaveLength(4);
    expect(entries[0]?.findings).toMatchObject([{ code: 'reserved-bits', bits: [8] }]);
  });
});

describe('garbage', () => {
  it('of all ones is reported, not followed', () => {
    for (const name of MACHINE_NAMES) {
      const mmu = machine(name);
      const memory = bytesMemory(new Uint8Array(16384).fill(0xff));
      const entries = [...walk(mmu, memory, { root: 0x1000n })];
      expect(entries).toHaveLength(mmu.root.level === 3 ? 4 : 512);
      expect(entries.every(({ findings, child }) => findings.length > 0 && child === null)).toBe(true);
    }
  });

  it('never makes a walk throw or go on for ever', () => {
    const anyWord = fc.oneof(
      anyU64,
      // Pointers that stay in the memory are the ones that can do harm.
      fc.tuple(fc.nat(7), anyU64).map(([page, rest]) => (BigInt(page) << 12n) | (rest & 0xfffn)),
      fc
        .tuple(fc.nat(7), fc.constantFrom(0x827n, 0x907n, 0x10_0000_0000_0807n))
        .map(([page, bits]) => (BigInt(page) << 12n) | bits),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...MACHINE_NAMES),
        fc.constantFrom(...KERNELS),
        fc.array(fc.tuple(fc.nat(4095), anyWord), { maxLength: 60 }),
        (name, kernel, words) => {
          const mmu = machine(name, { kernel });
          const bytes = new Uint8Array(8 * 4096);
          const view = new DataView(bytes.buffer);
          for (const [at, word] of words) view.setBigUint64(at * 8, word, true);
          const memory = bytesMemory(bytes);
          const seen: WalkEntry[] = [];
          for (const entry of walk(mmu, memory, { root: 0n })) {
            seen.push(entry);
            if (seen.length === 2000) break;
          }
          for (const [i, entry] of seen.entries()) {
            const before = seen[i - 1];
            const ordered =
              before === undefined ||
              before.gpa < entry.gpa ||
              (before.gpa === entry.gpa && before.level > entry.level);
            expect(ordered).toBe(true);
            expect(view.getBigUint64(Number(entry.address), true)).toBe(entry.spte);
            const pae = mmu.root.level === 3 && entry.level === 3;
            // A sample, for judging garbage takes its time.
            const judged = pae || i > 40 ? [] : judgeSpte(mmu, entry.spte, entry.level);
            expect(entry.findings.slice(0, judged.length)).toEqual(judged);
            expect(pae || entry.kind === spteKind(mmu, entry.spte, entry.level)).toBe(true);
          }
          expect(summarizeWalk(mmu, seen).entries).toBe(seen.length);
        },
      ),
      { numRuns: sampled(60, 300) },
    );
  });

  it('of random pages neither', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MACHINE_NAMES),
        fc.uint8Array({ minLength: 8 * 4096, maxLength: 8 * 4096 }),
        fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }),
        (name, bytes, gpa) => {
          const mmu = machine(name);
          const memory = bytesMemory(bytes);
          let left = 5000;
          for (const { level } of walk(mmu, memory, { root: 0x1000n })) {
            expect(level).toBeLessThanOrEqual(mmu.root.level);
            if (--left === 0) break;
          }
          expect(translate(mmu, memory, { root: 0x1000n }, gpa).steps.length).toBeLessThanOrEqual(5);
        },
      ),
      { numRuns: sampled(5, 20) },
    );
  });
});

describe('what is remembered of a pattern', () => {
  it('holds for every entry of that pattern', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MACHINE_NAMES),
        fc.constantFrom(...KERNELS),
        fc.integer({ min: 1, max: 5 }),
        anyU64,
        anyU64,
        (name, kernel, level, word, other) => {
          const mmu = machine(name, { kernel });
          const frame = pageFrameBits(mmu, level);
          const spte = word | (mmu.layout.mmuPresent?.mask ?? 0n);
          const alike = (spte & ~frame) | (other & frame);
          const kind = spteKind(mmu, spte, level);
          if (kind !== 'leaf' && kind !== 'tracked' && kind !== 'table') return;
          expect(spteKind(mmu, alike, level)).toBe(kind);
          expect(judgeSpte(mmu, alike, level)).toEqual(judgeSpte(mmu, spte, level));
        },
      ),
      { numRuns: sampled(600, 3000) },
    );
  });

  it('never holds for a frozen entry', () => {
    for (const name of MACHINE_NAMES) {
      for (const kernel of KERNELS) {
        const mmu = machine(name, { kernel });
        for (const level of [1, 2, 3, 4, 5]) {
          const alike = (mmu.layout.frozen ?? 0n) | pageFrameBits(mmu, level);
          expect(isPresentKind(spteKind(mmu, alike, level))).toBe(false);
        }
      }
    }
  });

  it('is nothing for entries that are not present: their address matters', () => {
    const { memory, root, put } = startTables(npt);
    const words = [
      0x1000n,
      0x3000n,
      makeMmioSpte(npt, plainHost, 0xfn, 6),
      makeMmioSpte(npt, plainHost, 0xffn, 6),
    ];
    for (const [i, word] of words.entries()) put([0, 0, 0, i], word);
    const entries = [...walk(npt, memory, { root })].slice(3);
    expect(entries.map(({ findings }) => findings)).toEqual(words.map((word) => judgeSpte(npt, word, 1)));
    expect(entries.map(codes)).toEqual([['not-an-spte'], ['not-an-spte'], [], []]);
  });

  it('leaves out most of the address', () => {
    for (const name of MACHINE_NAMES) {
      expect(pageFrameBits(machine(name), 1) & 0xf_ffff_f000n).toBe(0xf_ffff_f000n);
    }
  });
});
