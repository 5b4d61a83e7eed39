// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  defineHost,
  definePolicy,
  field,
  isWritablePte,
  judgeSpte,
  layoutFor,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  type Policy,
  type PolicyReading,
  pageRole,
  parseKernelVersion,
  plainHost,
  spteKind,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { sampled } from '@spte/testing/sampled';
import { legacyVendor, mmuOf } from '@spte/testing/vendors';
import { vmx } from '@spte/vendor-vmx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compile,
  FINDING_BITS,
  findingsOf,
  KIND_CODES,
  type Predicate,
  REQUEST_BITS,
  type Rule,
  SPTE_KINDS,
} from '../src/index.ts';
import { KERNELS, machine, machines } from './machines.ts';
import {
  callDifferences,
  columnDifferences,
  differences,
  findingDifferences,
  kindDifferences,
} from './scalar.ts';

const mmu = machine('EPT with A/D', '6.8');
const leaf = (pfn: bigint): bigint => makeSpte(mmu, plainHost, { role: pageRole(), gfn: 0n, pfn }).spte;

/** A value that the type system would refuse, as a caller in plain JavaScript may pass it. */
const wrongly = (value: unknown): never => value as never;

describe('codes', () => {
  it('number the kinds by their place, and the findings by bits of their own', () => {
    expect(SPTE_KINDS.map((kind) => KIND_CODES[kind])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const bits = Object.values(FINDING_BITS);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(2 ** bits.length - 1);
    expect(findingsOf(0)).toEqual([]);
    expect(findingsOf(FINDING_BITS['bad-xwr'] | 1)).toEqual(['reserved-bits', 'bad-xwr']);
  });
});

describe('entries', () => {
  const engine = compile(mmu);
  const entries = BigUint64Array.of(0n, leaf(0x1234n), 0x5a0n, leaf(0x99n) | (1n << 50n), 6n);

  it.each([0, 1, 3, 4, 8])('are read from bytes at offset %i', (offset) => {
    const bytes = new Uint8Array(entries.byteLength + offset);
    bytes.set(new Uint8Array(entries.buffer), offset);
    for (const wasm of [true, false]) {
      const other = compile(mmu, { wasm });
      expect(other.classify(bytes.subarray(offset), 1)).toEqual(engine.classify(entries, 1));
      expect(other.decode(bytes.subarray(offset), 1)).toEqual(engine.decode(entries, 1));
    }
  });

  it.each([true, false])(
    'are answered by address bits of their own from the first one on, wasm: %s',
    (wasm) => {
      // Bit 32 is the first that such a machine does not have.
      const small = machine('EPT with A/D', '6.8', { host: { physBits: 32 } });
      const within = makeSpte(small, plainHost, { role: pageRole(), gfn: 0n, pfn: 0x12345n }).spte;
      const beyond = within | (1n << 32n);
      const engine = compile(small, { wasm });
      // Each comes first, also when both are in the table already.
      for (const first of [beyond, within, beyond, within, 0n, 1n << 32n, 0n]) {
        expect(differences(engine, BigUint64Array.of(first, within), 1)).toEqual([]);
      }
      // The first of two is not in the table yet, the second only without bit 32.
      const [one, other] = [within & ~2n, within & ~4n];
      for (const pair of [[other], [one | (1n << 32n), other | (1n << 32n)]]) {
        expect(differences(engine, BigUint64Array.from(pair), 1)).toEqual([]);
      }
    },
  );

  it('may be part of an array', () => {
    expect([...engine.classify(entries.subarray(1, 3), 1)]).toEqual([KIND_CODES.leaf, KIND_CODES.frozen]);
    expect(engine.classify(new BigUint64Array(0), 1)).toHaveLength(0);
  });

  it('must be whole', () => {
    expect(() => engine.classify(new Uint8Array(7), 1)).toThrow(
      new RangeError('entries must be whole words of 8 bytes, got 7 bytes'),
    );
  });

  it.each([
    [new Float64Array(1), 'a Float64Array'],
    [new DataView(new ArrayBuffer(8)), 'a DataView'],
    [new BigInt64Array(1), 'a BigInt64Array'],
    [[1n], 'object'],
    ['x', 'string'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('are 64-bit words or bytes, and nothing else: %o', (wrong, name) => {
    expect(() => engine.classify(wrongly(wrong), 1)).toThrow(
      new TypeError(`entries must be a BigUint64Array, or a Uint8Array of bytes; got ${name}`),
    );
    expect(engine.classify(Buffer.alloc(8), 1)).toHaveLength(1);
  });

  it('have columns of the classes that are said', () => {
    const pfn = BigUint64Array.of(1n);
    const one = BigUint64Array.of(0n);
    const columns = engine.decode(one, 1);
    const calls: readonly [string, () => unknown][] = [
      [
        'levels must be a Uint8Array, got a Float32Array',
        () => engine.judge(one, wrongly(new Float32Array(1))),
      ],
      ['levels must be a Uint8Array, got undefined', () => engine.judge(one, wrongly(undefined))],
      [
        'into must be a Uint8Array, got a Int8Array',
        () => engine.classify(one, 1, wrongly(new Int8Array(1))),
      ],
      [
        'into must be a Uint32Array, got a Uint8Array',
        () => engine.judge(one, 1, wrongly(new Uint8Array(1))),
      ],
      [
        'into.frame must be a BigUint64Array, got undefined',
        () => engine.decode(one, 1, { ...columns, frame: wrongly(undefined) }),
      ],
      ['pfn must be a BigUint64Array, got undefined', () => engine.encode(wrongly({ access: 7, level: 1 }))],
      [
        'gfn must be a BigUint64Array, got a Uint8Array',
        () => engine.encode({ pfn, gfn: wrongly(new Uint8Array(1)), access: 7, level: 1 }),
      ],
      [
        'access must be a Uint8Array, got string',
        () => engine.encode({ pfn, access: wrongly('7'), level: 1 }),
      ],
      [
        'into must be a BigUint64Array, got a BigInt64Array',
        () => engine.encode({ pfn, access: 7, level: 1 }, wrongly(new BigInt64Array(1))),
      ],
    ];
    for (const [message, call] of calls) expect(call).toThrow(new TypeError(message));
    expect(() => engine.makeSpte({ pfn: 1n, access: 7, level: 8 })).toThrow(
      'level must be an integer within 1..5, got 8 (number)',
    );
  });

  it('are those of an MMU', () => {
    for (const wrong of [{}, null, undefined, 5]) {
      expect(() => compile(wrongly(wrong))).toThrow(TypeError);
      expect(() => compile(wrongly(wrong))).toThrow(
        /^mmu must be what createMmu\(\) of @spte\/core makes, got /,
      );
    }
  });

  it('have one level, none, or each its own', () => {
    const table = BigUint64Array.of(0x800n | 7n, 0x800n | 7n, 0x800n | 7n, 0x800n | 7n);
    const kinds = engine.classify(table, Uint8Array.of(1, 2, 2, 0));
    const want = [1, 2, 2, null].map((level) => engine.kinds.indexOf(spteKind(mmu, 0x807n, level)));
    expect([...kinds]).toEqual(want);
    expect(new Set(want).size).toBe(2);
  });

  it('have no other level', () => {
    expect(() => engine.classify(entries, 6)).toThrow(RangeError);
    expect(() => engine.classify(entries, Uint8Array.of(1, 1, 6, 1, 1))).toThrow(
      'level must be an integer within 1..5',
    );
    expect(() => engine.judge(entries, Uint8Array.of(1))).toThrow(
      'levels must have 5 elements, one for each entry; got 1',
    );
  });

  it('can be answered into arrays that exist', () => {
    const kinds = new Uint8Array(5).fill(9);
    expect(engine.classify(entries, 1, kinds)).toBe(kinds);
    expect(kinds).toEqual(engine.classify(entries, 1));
    const findings = new Uint32Array(5).fill(9);
    expect(engine.judge(entries, 1, findings)).toBe(findings);
    expect(findings).toEqual(engine.judge(entries, 1));
    const columns = {
      kind: new Uint8Array(5).fill(9),
      frame: new BigUint64Array(5).fill(9n),
      access: new Uint8Array(5).fill(9),
      flags: new Uint8Array(5).fill(9),
      generation: new Uint32Array(5).fill(9),
    };
    expect(engine.decode(entries, 1, columns)).toBe(columns);
    expect(columns).toEqual(engine.decode(entries, 1));
    const made = new BigUint64Array(1);
    expect(engine.encode({ pfn: BigUint64Array.of(7n), access: 7, level: 1 }, made)).toBe(made);
    expect(made[0]).toBe(leaf(7n));
    expect(() => engine.classify(entries, 1, new Uint8Array(4))).toThrow('into must have 5 elements');
    expect(() => engine.decode(entries, 1, { ...columns, flags: new Uint8Array(6) })).toThrow(
      'into.flags must have 5 elements',
    );
  });
});

describe('one entry', () => {
  const engine = compile(mmu);

  it('is answered as among others, whatever came before', () => {
    const entry = leaf(0x1234n);
    expect(engine.decodeSpte(entry, 1)).toEqual({
      kind: 'leaf',
      frame: 0x1234n,
      mapping: {
        access: { read: true, write: true, execute: true, user: null },
        memtype: 'WB',
        ignorePat: true,
        adType: 'enabled',
        accessed: true,
        dirty: true,
        hostWritable: true,
        mmuWritable: true,
        encrypted: false,
        readOnly: null,
      },
      mmioAccess: null,
      generation: 0,
    });
    expect(engine.decodeSpte(leaf(5n), 1).mapping).toBe(engine.decodeSpte(entry, 1).mapping);
    expect(engine.decodeSpte(0n, null).frame).toBe(0n);
    expect(engine.spteKind(entry, null)).toBe('leaf');
    expect(engine.judgeSpte(entry | (1n << 50n), 1)).toBe(FINDING_BITS['reserved-bits']);
    expect(engine.makeSpte({ pfn: 0x1234n, access: 7, level: 1 })).toBe(entry);
  });

  it('must be a word at a level', () => {
    expect(() => engine.decodeSpte(-1n, 1)).toThrow('spte must be within');
    expect(() => engine.judgeSpte(1n << 64n, 1)).toThrow('spte must be within');
    expect(() => engine.spteKind(0n, 6)).toThrow('level must be an integer within 1..5');
    expect(() => engine.spteKind(0n, 1.5)).toThrow('level must be');
    expect(() => engine.makeSpte({ pfn: -1n, access: 7, level: 1 })).toThrow('pfn must be within');
    expect(() => engine.makeSpte({ pfn: 1n, access: 16, level: 1 })).toThrow('access must be within 0..15');
    expect(() => engine.makeSpte({ pfn: 1n, access: 7, level: 0 })).toThrow('role.level must be');
  });
});

describe('encode', () => {
  const request = fc.record({
    pfn: fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    ),
    gfn: fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }),
    access: fc.integer({ min: 0, max: 15 }),
    level: fc.integer({ min: 1, max: 5 }),
    flags: fc.integer({ min: 0, max: 31 }),
  });
  const has = (flags: number, name: keyof typeof REQUEST_BITS): boolean => (flags & REQUEST_BITS[name]) !== 0;
  const scalar = (
    on: Mmu,
    { pfn, gfn, access, level, flags }: typeof request extends fc.Arbitrary<infer T> ? T : never,
  ): bigint =>
    makeSpte(on, plainHost, {
      role: pageRole({ level, adDisabled: has(flags, 'adDisabled'), guestMode: has(flags, 'guestMode') }),
      gfn,
      pfn,
      access,
      prefetch: has(flags, 'prefetch'),
      canUnsync: !has(flags, 'noUnsync'),
      hostWritable: !has(flags, 'hostReadOnly'),
    }).spte;

  it('makes what makeSpte() makes, in every era and on every machine', () => {
    const anyMachine = fc
      .tuple(fc.constantFrom(...Object.keys(machines)), fc.constantFrom(...KERNELS))
      .map(([name, kernel]) => machine(name, kernel));
    fc.assert(
      fc.property(anyMachine, fc.array(request, { maxLength: 40 }), (on, requests) => {
        const engine = compile(on);
        const made = engine.encode({
          pfn: BigUint64Array.from(requests, ({ pfn }) => pfn),
          gfn: BigUint64Array.from(requests, ({ gfn }) => gfn),
          access: Uint8Array.from(requests, ({ access }) => access),
          level: Uint8Array.from(requests, ({ level }) => level),
          flags: Uint8Array.from(requests, ({ flags }) => flags),
        });
        expect([...made]).toEqual(requests.map((one) => scalar(on, one)));
        expect(requests.map((one) => engine.makeSpte(one))).toEqual([...made]);
        expect(engine.fallbacks).toEqual([]);
      }),
      { numRuns: sampled(60, 200) },
    );
  }, 30_000);

  it('takes one number for all', () => {
    const engine = compile(mmu);
    expect([...engine.encode({ pfn: BigUint64Array.of(1n, 2n), access: 7, level: 1 })]).toEqual([
      leaf(1n),
      leaf(2n),
    ]);
    expect(engine.encode({ pfn: BigUint64Array.of(1n), access: 7, level: 1, flags: 4 })[0]).toBe(
      scalar(mmu, { pfn: 1n, gfn: 0n, access: 7, level: 1, flags: 4 }),
    );
  });

  it('refuses columns that do not fit', () => {
    const engine = compile(mmu);
    const pfn = BigUint64Array.of(1n, 2n);
    const one = new Uint8Array(1);
    expect(() => engine.encode({ pfn, access: one, level: 1 })).toThrow('access must have 2 elements');
    expect(() => engine.encode({ pfn, access: 7, level: 1, gfn: new BigUint64Array(3) })).toThrow(
      'gfn must have 2',
    );
    expect(() => engine.encode({ pfn, access: 16, level: 1 })).toThrow('access must be within 0..15, got 16');
    expect(() => engine.encode({ pfn, access: 7, level: 1, flags: Uint8Array.of(0, 32) })).toThrow(
      'flags must be within 0..31, got 32',
    );
    expect(() => engine.encode({ pfn, access: 7, level: 0 })).toThrow(
      'role.level must be an integer within 1..5',
    );
  });

  it('asks makeSpte() each time where a hook looks at the gfn', () => {
    const vendor = vmx();
    const odd = createMmu({
      kernel: '6.8',
      host: { physBits: 46 },
      policies: [l1tf, mmio()],
      vendor: { ...vendor, getMtMask: (_setup, _host, gfn) => ((gfn & 1n) === 0n ? 0x30n : 0n) },
    });
    const engine = compile(odd);
    const gfn = BigUint64Array.of(2n, 3n);
    const pfn = BigUint64Array.of(5n, 5n);
    const made = engine.encode({ pfn, gfn, access: 7, level: 1 });
    expect([...made]).toEqual(
      [2n, 3n].map((one) => scalar(odd, { pfn: 5n, gfn: one, access: 7, level: 1, flags: 0 })),
    );
    expect(made[0]).not.toBe(made[1]);
    expect([...engine.encode({ pfn, access: 7, level: 1 })]).toEqual([made[0], made[0]]);
    expect(engine.makeSpte({ pfn: 5n, gfn: 3n, access: 7, level: 1 })).toBe(made[1]);
    expect(engine.fallbacks).toHaveLength(1);
    expect(engine.fallbacks[0]?.what).toBe('encode');
    expect(engine.fallbacks[0]?.why).toBe('vendor vmx does not declare what its hook getMtMask looks at');
  });
});

describe('rules and predicates', () => {
  const entries = BigUint64Array.from({ length: 300 }, (_, n) =>
    n % 3 === 0 ? 0n : leaf(BigInt(n)) & ~(n % 2 === 0 ? 2n : 0n),
  );

  it('select the entries for which a predicate of core holds', () => {
    const engine = compile(mmu, { watch: [] });
    const writable: Predicate = (_mmu, spte) => isWritablePte(spte);
    const want = [...entries.keys()].filter((n) => isWritablePte(entries[n] ?? 0n));
    expect([...engine.select(entries, 1, writable)]).toEqual(want);
    expect([...engine.select(entries, 1, writable)]).toEqual(want);
    expect(want.length).toBeGreaterThan(50);
    expect(engine.fallbacks).toEqual([]);
  });

  it('are counted by kind', () => {
    const counts = compile(mmu).histogram(entries, 1);
    expect(counts).toEqual({ empty: 100, leaf: 200, tracked: 0, table: 0, mmio: 0, frozen: 0, unknown: 0 });
  });

  it('are counted by the value of a field, where they have it', () => {
    const engine = compile(mmu);
    const { format } = mmu.vendor;
    const memtype = format.memtype;
    if (memtype === undefined) throw new Error('EPT has memory types');
    const device = leaf(0x99n) & ~memtype.mask;
    const table = makeNonleafSpte(mmu, 0x5000n, false);
    const some = BigUint64Array.of(leaf(1n), leaf(2n), device, table, 0n, mmu.masks.vmMmioValue);
    const levels = Uint8Array.of(1, 1, 1, 2, 1, 1);
    expect(engine.histogramBy(some, levels, memtype)).toEqual({ UC: 1, WB: 2 });
    expect(engine.histogramBy(some, levels, mmu.layout.adType)).toEqual({ 'A/D bits': 4 });
    expect(engine.histogramBy(some, levels, format.dirty)).toEqual({ yes: 3 });
    // No entry at level 1 says its page size, the table does.
    const pageSize = format.leaf.find(({ levels: at }) => at !== undefined);
    if (pageSize === undefined) throw new Error('some field exists at some levels only');
    expect(engine.histogramBy(some, levels, pageSize)).toEqual({ no: 1 });
    expect(engine.histogramBy(some.subarray(0, 3), 1, pageSize)).toEqual({});
    expect(engine.histogramBy(some.subarray(0, 2), 1, format.address)).toEqual({ '0x1': 1, '0x2': 1 });
    expect(() => engine.histogramBy(BigUint64Array.of(leaf(65534n)), 1, format.address)).toThrow(RangeError);
    const node = field('node', 45, 43, 'kvm', 'a field in the address');
    const far = BigUint64Array.of(leaf(5n << 31n), leaf(3n), leaf(5n << 31n));
    expect(engine.histogramBy(far, 1, node)).toEqual({ '0x0': 1, '0x5': 2 });
    expect(engine.histogramBy(entries, 1, memtype)).toEqual({ WB: 200 });
  });

  it('are asked once for each pattern', () => {
    let asked = 0;
    const rule: Rule = (_mmu, spte) => {
      asked++;
      return Number(spte & 7n);
    };
    const engine = compile(mmu, { watch: [] });
    engine.map(entries, 1, rule);
    const first = asked;
    expect(Array.from(engine.map(entries, 1, rule))).toEqual([...entries].map((spte) => Number(spte & 7n)));
    expect(asked).toBe(first);
  });

  it('are asked for each entry unless it was said what they look at, and the engine says so', () => {
    const parity: Rule = function parity(_mmu, spte) {
      return Number((spte >> 12n) & 1n);
    };
    const isOdd: Predicate = function isOdd(_mmu, spte) {
      return ((spte >> 12n) & 1n) === 1n;
    };
    const engine = compile(mmu);
    const want = [...entries].map((spte) => Number((spte >> 12n) & 1n));
    expect(Array.from(engine.map(entries, 1, parity))).toEqual(want);
    expect([...engine.select(entries, 1, isOdd)]).toEqual([...want.keys()].filter((n) => want[n] === 1));
    expect(engine.fallbacks.map(({ what }) => what)).toEqual(['parity', 'isOdd']);
    expect(engine.fallbacks[0]?.why).toBe(
      'nobody said which address bits it looks at: see `watch` of compile()',
    );
  });

  it('may look at address bits that were announced', () => {
    const node: Rule = (_mmu, spte) => Number((spte >> 44n) & 1n) + ((spte & 0x3000n) === 0x3000n ? 2 : 0);
    const engine = compile(mmu, { watch: [1n << 44n, 0x3000n] });
    const far = BigUint64Array.from(entries, (spte, n) => spte | (n % 2 === 0 ? 1n << 44n : 0n));
    expect(Array.from(engine.map(far, 1, node))).toEqual([...far].map((spte) => node(mmu, spte, 1)));
    expect(engine.fallbacks).toEqual([]);
    expect(differences(engine, far, 1)).toEqual([]);
  });

  it('may look at what core looks at only, and then at no more', () => {
    const engine = compile(mmu, { watch: [0xfffn] });
    const beyond: Predicate = (on, spte) => judgeSpte(on, spte, 1).length > 0;
    const some = BigUint64Array.of(leaf(1n), leaf(1n << 38n), leaf(2n));
    expect([...engine.select(some, 1, beyond)]).toEqual([1]);
    expect(engine.fallbacks).toEqual([]);
  });

  it('can look at a limited number of address bits only', () => {
    const engine = compile(mmu, { watch: Array.from({ length: 20 }, (_, n) => 1n << BigInt(n + 14)) });
    const low: Rule = function low(_mmu, spte) {
      return Number((spte >> 14n) & 0xffn);
    };
    expect(Array.from(engine.map(entries, 1, low))).toEqual([...entries].map((spte) => low(mmu, spte, 1)));
    expect(engine.fallbacks).toEqual([{ what: 'low', why: 'there are 25 address tests, more than 16' }]);
  });

  it('of core do so where a CPU has as many fields in the address', () => {
    const leaf = Array.from({ length: 20 }, (_, n) => field(`key${n}`, n + 14, n + 14, 'hardware', 'a key'));
    const many = mmuOf({
      ...legacyVendor,
      format: { ...legacyVendor.format, leaf: [...legacyVendor.format.leaf, ...leaf] },
    });
    const engine = compile(many);
    const some = BigUint64Array.of(...entries.subarray(0, 20), mmu.masks.vmMmioValue | 0x7000n);
    expect(kindDifferences(engine, some, 1)).toEqual([]);
    expect(columnDifferences(engine, some, 1)).toEqual([]);
    expect(findingDifferences(engine, some, 1)).toEqual([]);
    expect(callDifferences(engine, some, 1)).toEqual([]);
    expect(engine.fallbacks.map(({ what }) => what)).toEqual(['classify', 'decode', 'judge', 'decodeSpte']);
    expect(engine.fallbacks[0]?.why).toMatch(/^there are \d+ address tests, more than 16$/);
  });

  it('must answer a small integer', () => {
    const engine = compile(mmu);
    expect(() => engine.map(entries, 1, () => 0xffff)).toThrow(
      new RangeError('a rule must answer an integer within 0..65534, got 65535'),
    );
    expect(() => engine.map(entries, 1, () => 0.5)).toThrow(RangeError);
    expect(() => engine.map(entries, 1, () => -1)).toThrow(RangeError);
  });
});

describe('tables', () => {
  it('begin anew when there are more patterns than they hold', () => {
    const engine = compile(mmu);
    // 4096 patterns of the high bits, twice.
    const entries = BigUint64Array.from(
      { length: 8192 },
      (_, n) => (BigInt(n & 4095) << 52n) | 0xb77n | 0x1000n,
    );
    expect(kindDifferences(engine, entries, 1)).toEqual([]);
    expect(kindDifferences(engine, entries, 1)).toEqual([]);
    expect(engine.tableBytes).toBeLessThan(4 << 20);
  });

  it('begin anew when there are more classes than they hold', () => {
    const watch = Array.from({ length: 8 }, (_, n) => 1n << BigInt(n + 14));
    const engine = compile(mmu, { watch });
    const entries = BigUint64Array.from({ length: 1024 }, (_, n) => 0xb77n | (BigInt(n & 255) << 14n));
    expect(kindDifferences(engine, entries, 1)).toEqual([]);
    const count: Rule = (_mmu, spte) => Number((spte >> 14n) & 0xffn);
    expect(Array.from(engine.map(entries, 1, count))).toEqual([...entries.keys()].map((n) => n & 255));
    expect(engine.fallbacks).toEqual([]);
  });

  it('are sized as used', () => {
    const engine = compile(mmu);
    expect(engine.tableBytes).toBe(0);
    engine.encode({ pfn: new BigUint64Array(1), access: 7, level: 1 });
    expect(engine.tableBytes).toBeGreaterThan(0);
  });
});

describe('plugins', () => {
  const reading = (spte: bigint, gfn: bigint): PolicyReading => ({
    kind: 'mmio',
    gfn,
    gpa: gfn << 12n,
    access: 0n,
    generation: spte >> 62n,
    fields: [{ name: 'own', mask: (1n << 64n) - 1n, value: spte, meaning: 'own' }],
  });
  const withPolicy = (read: Policy['read']): Mmu =>
    createMmu({
      kernel: '6.8',
      host: defineHost({ physBits: 46 }),
      vendor: vmx(),
      policies: [
        l1tf,
        mmio({ mmioCaching: false }),
        definePolicy({ name: 'own', apiVersion: 1, ...(read && { read }) }),
      ],
    });
  const entries = BigUint64Array.from(
    { length: 64 },
    (_, n) => (BigInt(n) << 12n) | (n % 2 === 0 ? 0x400n : 0xb77n),
  );

  const names = ['classify', 'decode', 'judge', 'decodeSpte'];

  it('read their own entries, and the engine says that it asks them each time', () => {
    const engine = compile(
      withPolicy((_mmu, spte) =>
        (spte & 0xfffn) === 0x400n ? reading(spte, ((spte >> 12n) ** 2n) & 0xffffn) : null,
      ),
    );
    expect(kindDifferences(engine, entries, 1)).toEqual([]);
    expect(columnDifferences(engine, entries, 1)).toEqual([]);
    expect(callDifferences(engine, entries, 1)).toEqual([]);
    expect(new Set(engine.fallbacks.map(({ what }) => what))).toEqual(new Set(names));
    expect(engine.fallbacks[0]?.why).toBe('policies mmio and own both have a hook read');
  });

  it('may read the entries of the MMU in a way of their own', () => {
    const layout = layoutFor(parseKernelVersion('6.8'));
    expect(layout.mmuPresent?.mask).toBe(0x800n);
    const base = machine('EPT with A/D', '6.8');
    const odd = {
      ...base,
      policies: [
        definePolicy({
          name: 'odd',
          apiVersion: 1,
          read: (on, spte) =>
            (spte & on.masks.mmioMask) === on.masks.vmMmioValue
              ? reading(spte, ((spte & 0xffff_f000n) * 3n) >> 12n)
              : null,
        }),
      ],
    };
    const engine = compile(odd);
    const mmioEntries = BigUint64Array.from(
      { length: 64 },
      (_, n) => base.masks.vmMmioValue | (BigInt(n * 7) << 12n),
    );
    expect(columnDifferences(engine, mmioEntries, 1)).toEqual([]);
    expect(callDifferences(engine, mmioEntries, 1)).toEqual([]);
    expect(new Set(engine.fallbacks.map(({ what }) => what))).toEqual(new Set(names));
    expect(engine.fallbacks[0]?.why).toBe('policy odd does not declare what its hook read looks at');
  });
});
