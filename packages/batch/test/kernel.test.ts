// SPDX-License-Identifier: GPL-2.0-only
import { makeSpte, pageRole, plainHost } from '@spte/core';
import { sampled } from '@spte/testing/sampled';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { compile, type DecodedColumns, type Rule } from '../src/index.ts';
import { createKernel } from '../src/kernel.ts';
import { BLOCK, TABLES } from '../src/memory-layout.ts';
import { machine, machines } from './machines.ts';
import { kindDifferences } from './scalar.ts';

describe('the kernel', () => {
  it('is what runs here', () => {
    expect(compile(machine('NPT', '6.8')).wasm).toBe(true);
    expect(compile(machine('NPT', '6.8'), { wasm: false }).wasm).toBe(false);
  });
});

/** Entries of one machine in stretches, each of them alike but for the address, among them ones that never occur. */
const stretches = fc.tuple(
  fc.constantFrom(...Object.keys(machines)).map((name) => machine(name, '6.8')),
  fc.array(
    fc.record({
      /** Which of the machine's own entries, if any. */
      which: fc.nat({ max: 7 }),
      word: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      length: fc.integer({ min: 1, max: 40 }),
      step: fc.constantFrom(0n, 1n, 0x200n, 1n << 30n),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  fc.constantFrom(1, 2, null),
);

describe('with and without the kernel', () => {
  it('entries are answered alike', () => {
    fc.assert(
      fc.property(stretches, ([mmu, parts, level]) => {
        const leaf = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn: 0n }).spte;
        const { vmMmioValue, nonpresentOrRsvd } = mmu.masks;
        const own = [
          0n,
          mmu.layout.empty,
          leaf,
          leaf & ~2n,
          vmMmioValue | nonpresentOrRsvd,
          leaf | (1n << 7n),
        ];
        const entries = BigUint64Array.from(
          parts.flatMap(({ which, word, length, step }) => {
            const first = own[which] ?? word;
            const address = (n: number): bigint => ((word & 0xfffffn) + BigInt(n) * step) << 12n;
            return Array.from({ length }, (_, n) =>
              BigInt.asUintN(64, which < 2 ? first : first ^ (address(n) & ~(0xfffn << 52n))),
            );
          }),
        );
        const fast = compile(mmu);
        const slow = compile(mmu, { wasm: false });
        // The second time from tables that are filled.
        for (let time = 0; time < 2; time++) {
          expect(fast.classify(entries, level)).toEqual(slow.classify(entries, level));
          expect(fast.decode(entries, level)).toEqual(slow.decode(entries, level));
          expect(fast.judge(entries, level)).toEqual(slow.judge(entries, level));
        }
        expect(fast.wasm).not.toBe(slow.wasm);
      }),
      { numRuns: sampled(8, 40) },
    );
  });

  it.each(Object.keys(machines))('each address bit counts where it matters: %s', (name) => {
    const mmu = machine(name, '6.8');
    const leaf = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn: 0x1234n }).spte;
    const { vmMmioValue, nonpresentOrRsvd } = mmu.masks;
    // Eight entries that differ in one bit, an address of 0 before others, and the other way round.
    const entries = BigUint64Array.from(
      [0n, mmu.layout.empty, leaf, vmMmioValue, vmMmioValue | nonpresentOrRsvd].flatMap((entry) =>
        Array.from({ length: 40 }, (_, n) => [entry, entry ^ (1n << BigInt(n + 12))]).flatMap((pair) =>
          [0b0010_1100, 0b1111_1111, 0b0000_0000, 0b1101_0011].flatMap((which) =>
            Array.from({ length: 8 }, (_, i) => pair[(which >> i) & 1] ?? 0n),
          ),
        ),
      ),
    );
    const [fast, slow] = [compile(mmu), compile(mmu, { wasm: false })];
    for (const level of sampled([2], [1, 2])) {
      for (let time = 0; time < 2; time++) {
        expect(fast.decode(entries, level)).toEqual(slow.decode(entries, level));
        expect(fast.judge(entries, level)).toEqual(slow.judge(entries, level));
      }
    }
  });

  it.each(['access', 'level', 'flags'] as const)(
    'the last of eight requests is not the next eight: %s',
    (name) => {
      const [fast, slow] = [true, false].map((wasm) => compile(machine('EPT with A/D', '6.8'), { wasm }));
      const pfn = BigUint64Array.from({ length: 24 }, (_, n) => BigInt(n) * 512n);
      const plain = {
        access: new Uint8Array(24).fill(7),
        level: new Uint8Array(24).fill(1),
        flags: new Uint8Array(24),
      };
      const other = { access: 5, level: 2, flags: 4 }[name];
      plain[name][7] = other;
      plain[name].fill(other, 16);
      for (let time = 0; time < 2; time++) {
        expect(fast?.encode({ pfn, ...plain })).toEqual(slow?.encode({ pfn, ...plain }));
      }
    },
  );

  it('requests make the same entries', () => {
    const request = fc.record({
      pfn: fc.oneof(
        { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }) },
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      ),
      access: fc.nat({ max: 15 }),
      level: fc.integer({ min: 1, max: 3 }),
      flags: fc.nat({ max: 31 }),
      times: fc.integer({ min: 1, max: 20 }),
    });
    const mmu = machine('EPT without A/D, L1TF', '6.8');
    const fast = compile(mmu);
    const slow = compile(mmu, { wasm: false });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const all = requests.flatMap((one) => Array.from({ length: one.times }, () => one));
        const columns = {
          pfn: BigUint64Array.from(all, ({ pfn }, n) => (pfn + BigInt(n)) & ((1n << 64n) - 1n)),
          access: Uint8Array.from(all, ({ access }) => access),
          level: Uint8Array.from(all, ({ level }) => level),
          flags: Uint8Array.from(all, ({ flags }) => flags),
        };
        expect(fast.encode(columns)).toEqual(slow.encode(columns));
      }),
      { numRuns: sampled(60, 300) },
    );
  });

  it.each([
    ['access', { access: Uint8Array.of(7, 16) }, 'access must be within 0..15, got 16'],
    ['level', { level: Uint8Array.of(1, 8) }, 'level must be an integer within 1..5, got 8 (number)'],
    ['flags', { flags: Uint8Array.of(0, 32) }, 'flags must be within 0..31, got 32'],
  ])('a value of %s that does not fit is refused', (_name, odd, message) => {
    const request = { pfn: BigUint64Array.of(1n, 2n), access: 7, level: 1, ...odd };
    for (const wasm of [true, false]) {
      const engine = compile(machine('NPT', '6.8'), { wasm });
      expect(() => engine.encode(request)).toThrow(new RangeError(message));
    }
  });

  it.each([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])('%i entries are as many', (length) => {
    const mmu = machine('EPT with A/D', '6.8');
    const { spte } = makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn: 0n });
    const entries = BigUint64Array.from({ length }, (_, n) =>
      n % 1000 === 999 ? 0n : (spte & ~(n % 2000 < 700 ? 2n : 0n)) | (BigInt(n) << 12n),
    );
    const [fast, slow] = [compile(mmu), compile(mmu, { wasm: false })];
    expect(fast.decode(entries, 1)).toEqual(slow.decode(entries, 1));
    expect(fast.judge(entries, 1)).toEqual(slow.judge(entries, 1));
    const columns: DecodedColumns = fast.decode(entries, 1);
    const request = { pfn: columns.frame, access: columns.access, level: 1 };
    expect(fast.encode(request)).toEqual(slow.encode(request));
    // What is not of a row stays untouched.
    const into = new Uint8Array(length + 2).fill(9);
    fast.classify(entries, 1, into.subarray(1, length + 1));
    expect([into[0], into[length + 1]]).toEqual([9, 9]);
  });
});

describe('memory', () => {
  it('for tables is limited: further rules run in JavaScript', () => {
    const engine = compile(machine('NPT', '6.8'), { watch: [] });
    const entries = BigUint64Array.from({ length: 300 }, (_, n) => 0xb77n ^ BigInt(n & 7));
    for (let bit = 0n; bit < 12n; bit++) {
      const rule: Rule = (_mmu, spte) => Number((spte >> bit) & 1n);
      expect(Array.from(engine.map(entries, 1, rule))).toEqual(
        Array.from(entries, (spte) => Number((spte >> bit) & 1n)),
      );
    }
    expect(kindDifferences(engine, entries, 1)).toEqual([]);
    expect(engine.decode(entries, 1)).toEqual(
      compile(machine('NPT', '6.8'), { wasm: false }).decode(entries, 1),
    );
    const request = { pfn: entries, access: 7, level: 1 };
    expect(engine.encode(request)).toEqual(compile(machine('NPT', '6.8')).encode(request));
    expect(engine.fallbacks).toEqual([]);
  });
});

describe("a kernel's memory", () => {
  it('is given to tables up to where the room begins', () => {
    const { tables, room, memory } = createKernel(100) ?? {};
    let end: number = TABLES;
    let apart = 0;
    for (; tables?.fits(64) === true; end += 64) if (tables.take(64) !== end) apart++;
    expect(apart).toBe(0);
    expect(end).toBeGreaterThan(TABLES);
    expect(room?.take(100)).toBe(end);
    expect(room?.left).toBe(0);
    expect([tables?.buffer, room?.buffer]).toEqual([memory, memory]);
  });
});

describe('a runtime without', () => {
  it('WebAssembly has no kernel', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const engine = compile(machine('NPT', '6.8'));
    vi.unstubAllGlobals();
    expect(engine.wasm).toBe(false);
    expect(kindDifferences(engine, BigUint64Array.of(0n, 0xb77n, 0x5a0n), 1)).toEqual([]);
  });
});
