// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  judgeSpte,
  layouts,
  type Mmu,
  markSpteForAccessTrack,
  plainHost,
  rootEntryBits,
  spteKind,
} from '@spte/core';
import { makeMmioSpte } from '@spte/mmio';
import { KERNELS, MACHINE_NAMES, type MachineName, machine, machines } from '@spte/testing/machines';
import {
  bytesMemory,
  entryBytes,
  type PhysicalMemory,
  translate,
  type WalkEntry,
  type WalkProgress,
  walk,
} from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { emptyMemory, leaf, startTables } from './tables.ts';

const npt = machine('NPT');

describe('a walk', () => {
  it.each(['EPT with A/D', 'NPT', 'NPT with SME', 'shadow paging'] as const)(
    'yields 4K, 2M and 1G pages and MMIO in address order: %s',
    (name) => {
      const mmu = machine(name);
      const { memory, root, put } = startTables(mmu);
      const mmio = makeMmioSpte(mmu, plainHost, 0x200n, 6);
      const small = put([0, 0, 0, 7], leaf(mmu, 1, 0x1234n));
      put([0, 0, 1, 0], mmio);
      put([0, 0, 2], leaf(mmu, 2, 0x400n));
      put([3, 1], leaf(mmu, 3, 0x40000n));
      const entries = [...walk(mmu, memory, { root })];
      expect(entries.map(({ level, gpa, kind }) => [level, gpa, kind])).toEqual([
        [4, 0n, 'table'],
        [3, 0n, 'table'],
        [2, 0n, 'table'],
        [1, 0x7000n, 'leaf'],
        [2, 0x200000n, 'table'],
        [1, 0x200000n, 'mmio'],
        [2, 0x400000n, 'leaf'],
        [4, 3n << 39n, 'table'],
        [3, (3n << 39n) + (1n << 30n), 'leaf'],
      ]);
      expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
      expect(entries[3]).toEqual({
        level: 1,
        gpa: 0x7000n,
        bytes: 4096n,
        address: small,
        index: 7,
        spte: leaf(mmu, 1, 0x1234n),
        kind: 'leaf',
        child: null,
        findings: [],
        possible: [],
      });
      expect(entries[2]?.child).toBe(small & ~0xfffn);
    },
  );

  it.each(['EPT of five levels', 'NPT of five levels'] as const)('goes through five levels: %s', (name) => {
    const mmu = machine(name);
    const { memory, root, put } = startTables(mmu);
    put([511, 511, 511, 511, 511], leaf(mmu, 1, 0x1n));
    const entries = [...walk(mmu, memory, { root })];
    expect(entries.map(({ level }) => level)).toEqual([5, 4, 3, 2, 1]);
    expect(entries.at(-1)).toMatchObject({ gpa: (1n << 57n) - 4096n, kind: 'leaf' });
    expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it.each(KERNELS)(
    'finds nothing wrong with what kernel %s would write, but NX in NPT where its own check reserves that',
    (kernel) => {
      for (const name of ['EPT with A/D', 'EPT without A/D', 'NPT'] as const) {
        const mmu = machine(name, { kernel });
        const { memory, root, put } = startTables(mmu);
        put([0, 0, 0, 0], leaf(mmu, 1, 0x1n));
        put([0, 0, 0, 1], mmu.layout.empty);
        put([0, 0, 1], leaf(mmu, 2, 0x200n));
        const entries = [...walk(mmu, memory, { root })];
        expect(entries.map(({ kind }) => kind)).toEqual(['table', 'table', 'table', 'leaf', 'leaf']);
        const found = entries.flatMap(({ findings }) => findings.map(({ code, bits }) => ({ code, bits })));
        const nxReserved = ['5.4', '5.10', '5.12'].includes(kernel) && name === 'NPT';
        expect(found).toEqual(nxReserved ? [{ code: 'reserved-bits', bits: [63] }] : []);
      }
    },
  );

  it('tells frozen from present where a frozen entry was a mere constant', () => {
    const mmu = machine('NPT', { kernel: '5.12' });
    const frozen = mmu.layout.frozen as bigint;
    const { memory, root, put } = startTables(mmu);
    put([0, 0, 0, 0], frozen | 0x1000n);
    put([0, 0, 0, 1], frozen);
    const kinds = [...walk(mmu, memory, { root })].slice(3).map(({ kind }) => kind);
    expect(kinds).toEqual([0x1000n, 0n].map((frame) => spteKind(mmu, frozen | frame, 1)));
  });

  it('says tracked where permissions were taken away', () => {
    const mmu = machine('EPT without A/D, L1TF');
    const { memory, root, put } = startTables(mmu);
    put([0, 0, 0, 0], markSpteForAccessTrack(mmu, leaf(mmu, 1, 0x1n)));
    expect([...walk(mmu, memory, { root })].at(-1)).toMatchObject({ kind: 'tracked', findings: [] });
  });

  it('yields empty entries when they are asked for, and only then', () => {
    const mmu = machine('NPT', { kernel: '6.12' });
    const { memory, root, put } = startTables(mmu);
    put([0], mmu.layout.empty);
    put([1], 0n);
    expect([...walk(mmu, memory, { root })]).toEqual([]);
    const all = [...walk(mmu, memory, { root }, { empty: true })];
    expect(all).toHaveLength(512);
    expect(all.every(({ kind }) => kind === 'empty')).toBe(true);
  });

  it.each(layouts.map(({ since }) => since))(
    'may skip zero and the constant of empty entries: %s',
    (kernel) => {
      for (const name of MACHINE_NAMES) {
        const mmu = machine(name, { kernel });
        for (const word of [0n, mmu.layout.empty]) expect(spteKind(mmu, word, 1)).toBe('empty');
      }
    },
  );

  it('starts at any table, with the gpa that it is told', () => {
    const { memory, root, put } = startTables(npt);
    const table = put([1, 2, 3, 4], leaf(npt, 1, 0x1n)) & ~0xfffn;
    const whole = [...walk(npt, memory, { root })].at(-1);
    const gpa = (1n << 39n) + (2n << 30n) + (3n << 21n);
    expect([...walk(npt, memory, { root: table, level: 1, gpa })]).toEqual([whole]);
  });

  it('follows a table for each entry that points to it', () => {
    const { memory, root, put } = startTables(npt);
    put([0, 0, 0, 0], leaf(npt, 1, 0x1n));
    const [top] = [...walk(npt, memory, { root })];
    memory.set(root + 8n, top?.spte as bigint);
    expect([...walk(npt, memory, { root })].map(({ gpa }) => gpa)).toEqual(
      [0n, 1n].flatMap((i) => Array<bigint>(4).fill(i << 39n)),
    );
  });

  it('reads a table when it gets there, and no sooner', () => {
    const { memory, root, put } = startTables(npt);
    put([0, 0, 0, 0], leaf(npt, 1, 0x1n));
    put([1, 0, 0, 0], leaf(npt, 1, 0x2n));
    const reads: bigint[] = [];
    const counting: PhysicalMemory = {
      read(address, length) {
        reads.push(address);
        expect(length).toBe(4096);
        return memory.read(address, length);
      },
    };
    const entries = walk(npt, counting, { root });
    expect(reads).toHaveLength(1);
    entries.next();
    expect(reads).toHaveLength(2);
    expect([...entries]).toHaveLength(7);
    expect(reads).toHaveLength(7);
  });

  it('asks core about every entry that differs in more than a page frame', () => {
    const { memory, root, put } = startTables(npt);
    // More patterns than are remembered.
    const plain = leaf(npt, 1, 0n);
    const sptes = Array.from({ length: 512 * 10 }, (_, i) => {
      const pattern = (BigInt(i & 0x7ff) << 52n) | (BigInt(i >> 11) << 3n);
      return plain | (BigInt(i) << 12n) | pattern;
    });
    for (const [i, spte] of sptes.entries()) put([0, 0, i >> 9, i & 511], spte);
    const leaves = [...walk(npt, memory, { root })].filter(({ level }) => level === 1);
    expect(leaves.map(({ spte }) => spte)).toEqual(sptes);
    for (const { spte, kind, findings } of leaves.filter((_, i) => i % 97 === 0)) {
      expect(kind).toBe(spteKind(npt, spte, 1));
      expect(findings).toEqual(judgeSpte(npt, spte, 1));
    }
  });
});

describe('a PAE root', () => {
  const mmu = machine('PAE shadow paging');
  const build = () => {
    const tables = startTables(mmu, { pae: true });
    tables.put([0, 0, 5], leaf(mmu, 1, 0x1n));
    tables.put([3, 1], leaf(mmu, 2, 0x200n));
    return tables;
  };

  it('has four entries, which KVM makes without its own bits', () => {
    const { memory, root } = build();
    // Beyond the four stands something else.
    memory.set(root + 32n, (1n << 64n) - 1n);
    const entries = [...walk(mmu, memory, { root })];
    expect(entries.map(({ level, gpa, kind }) => [level, gpa, kind])).toEqual([
      [3, 0n, 'table'],
      [2, 0n, 'table'],
      [1, 0x5000n, 'leaf'],
      [3, 3n << 30n, 'table'],
      [2, (3n << 30n) + (1n << 21n), 'leaf'],
    ]);
    expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('may lie anywhere that is a multiple of 32', () => {
    const { memory, root } = build();
    const moved = memory.page() + 0xfe0n;
    const view = new DataView(memory.bytes.buffer);
    for (const i of [0n, 8n, 16n, 24n]) memory.set(moved + i, view.getBigUint64(Number(root + i), true));
    expect([...walk(mmu, memory, { root: moved })]).toHaveLength(5);
    expect(() => walk(mmu, memory, { root: moved + 8n })).toThrow(
      'root.root must be a multiple of 32, got 0x',
    );
  });

  it('names the bits on which loading CR3 would fault', () => {
    const { memory, root } = build();
    const [first] = [...walk(mmu, memory, { root })];
    memory.set(root, (first?.spte as bigint) | 6n);
    expect([...walk(mmu, memory, { root })][0]).toMatchObject({
      kind: 'table',
      findings: [{ code: 'reserved-bits', severity: 'error', bits: [1, 2] }],
    });
    memory.set(root, (first?.spte as bigint) | (1n << 45n));
    const beyond = [...walk(mmu, memory, { root })][0];
    expect(beyond?.findings.map(({ code }) => code)).toEqual(['reserved-bits', 'table-reserved-address']);
    expect(beyond?.child).toBeNull();
  });

  it('carries the C-bit under memory encryption, reserved or not', () => {
    const { host } = machines['NPT with SME'];
    for (const extCpuidLevel of [0x8000_0008, 0]) {
      const sme = machine('NPT with SME', { root: { level: 3 }, host: { ...host, extCpuidLevel } });
      const tables = startTables(sme, { pae: true });
      tables.put([0, 0, 5], leaf(sme, 1, 0x1n));
      const entries = [...walk(sme, tables.memory, { root: tables.root })];
      expect(entries.map(({ level }) => level)).toEqual([3, 2, 1]);
      expect(entries[0]?.findings).toEqual([]);
      expect((entries[0]?.spte as bigint) & sme.masks.meMask).toBe(sme.masks.meMask);
    }
  });

  it('may hold something without P, which is not an entry', () => {
    const { memory, root } = build();
    memory.set(root + 8n, 0x2000n);
    const entry = [...walk(mmu, memory, { root })].find(({ index, level }) => level === 3 && index === 1);
    expect(entry).toMatchObject({ kind: 'unknown', findings: [{ code: 'not-an-spte' }] });
  });

  it('is told apart from a table at level 3 by the MMU, or by the caller', () => {
    const four = createMmu({ ...machines['shadow paging'], root: { level: 4 } });
    const { memory, root } = build();
    expect([...walk(four, memory, { root, level: 3, pae: true })]).toHaveLength(5);
    const asTable = [...walk(four, memory, { root, level: 3 })];
    expect(asTable.map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
    expect([...walk(mmu, memory, { root, level: 3, pae: false })].map(({ kind }) => kind)).toEqual([
      'unknown',
      'unknown',
    ]);
  });
});

describe('a special root, which nested NPT has above the tables of a 32-bit guest', () => {
  /** Roots of `level` levels above two tables at level 2; every entry but those below is written as the kernel does. */
  const build = (mmu: Mmu, level: number) => {
    const memory = emptyMemory();
    const pageDirectory = memory.page();
    const bits = rootEntryBits(mmu, true);
    memory.set(pageDirectory + 8n * 5n, leaf(mmu, 2, 0x400n));
    let below = memory.page();
    memory.set(below, pageDirectory | bits);
    memory.set(below + 24n, pageDirectory | bits);
    const paeRoot = below;
    for (let at = 4; at <= level; at++) {
      const table = memory.page();
      memory.set(table, below | bits);
      below = table;
    }
    return { memory, root: below, paeRoot };
  };
  const leaves = [
    [2, 5n << 21n, 'leaf'],
    [2, (3n << 30n) + (5n << 21n), 'leaf'],
  ];
  const shape = (entries: Iterable<WalkEntry>) =>
    [...entries].map(({ level, gpa, kind }) => [level, gpa, kind]);

  it.each<[MachineName, string, number]>([
    ['NPT', '6.1', 4],
    ['NPT', '6.12', 4],
    ['NPT', '7.3', 4],
    ['NPT with SME', '6.8', 4],
    ['NPT of five levels', '6.8', 5],
    ['NPT', '5.10', 4],
  ])('is walked: %s, %s, %i levels', (name, kernel, level) => {
    // Without the mitigation, as hosts of AMD run: before 6.0 KVM's check took NX in NPT for reserved.
    const mmu = machine(name, { kernel, params: { nxHugePages: false } });
    const { memory, root, paeRoot } = build(mmu, level);
    const upper = Array.from({ length: level - 3 }, (_, i) => [level - i, 0n, 'table']);
    const entries = [...walk(mmu, memory, { root })];
    expect(shape(entries)).toEqual([
      ...upper,
      [3, 0n, 'table'],
      leaves[0],
      [3, 3n << 30n, 'table'],
      leaves[1],
    ]);
    expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
    const { steps, hpa } = translate(mmu, memory, { root }, (3n << 30n) + (5n << 21n) + 0x1234n);
    expect(steps).toHaveLength(level - 1);
    expect(hpa).toBe(0x40_1234n);
    expect(shape(walk(mmu, memory, { root: paeRoot, level: 3, pae: false }))).toEqual([
      [3, 0n, 'table'],
      leaves[0],
      [3, 3n << 30n, 'table'],
      leaves[1],
    ]);
  });

  it('is none where anything else stands in one of its tables, or nothing at its end', () => {
    const mmu = machine('NPT', { kernel: '6.8' });
    const others: [string, (built: ReturnType<typeof build>) => void][] = [
      ['an SPTE beside the first entry', ({ memory, root }) => memory.set(root + 8n, 0x1827n)],
      ['another special entry', ({ memory, root, paeRoot }) => memory.set(root + 8n, paeRoot | 0x27n)],
      ['a fifth entry', ({ memory, paeRoot }) => memory.set(paeRoot + 32n, 0x1027n)],
      ['an SPTE below', ({ memory, paeRoot }) => memory.set(paeRoot, 0x1827n)],
      ['a table that is not there', ({ memory, root }) => memory.set(root, 0x7f_0000_0027n)],
      [
        'no entry below',
        ({ memory, paeRoot }) => {
          memory.set(paeRoot, 0n);
          memory.set(paeRoot + 24n, 0n);
        },
      ],
    ];
    for (const [what, change] of others) {
      const built = build(mmu, 4);
      change(built);
      const [first] = [...walk(mmu, built.memory, { root: built.root })];
      expect([what, first?.kind, first?.findings.map(({ code }) => code)]).toEqual([
        what,
        'unknown',
        ['not-an-spte'],
      ]);
    }
  });

  it('is not what a root becomes whose SPTEs lose a bit', () => {
    for (const kernel of ['6.8', '6.12']) {
      const mmu = machine('NPT', { kernel });
      const { memory, root, put } = startTables(mmu);
      put([0, 0, 0, 0], leaf(mmu, 1, 1n));
      const entry = new DataView(memory.bytes.buffer).getBigUint64(Number(root), true);
      memory.set(root, entry & ~0x800n);
      expect(shape(walk(mmu, memory, { root }))).toEqual([[4, 0n, 'unknown']]);
    }
  });

  it('that changes while it is walked has entries that are none', () => {
    const mmu = machine('NPT', { kernel: '6.8' });
    const { memory, root, paeRoot } = build(mmu, 4);
    const entries = walk(mmu, memory, { root });
    expect(entries.next().value?.kind).toBe('table');
    memory.set(paeRoot + 8n, 0x9067n);
    expect([...entries].map(({ level, kind }) => [level, kind])).toContainEqual([3, 'unknown']);
  });
});

describe('the arguments of a walk', () => {
  const memory = bytesMemory(new Uint8Array(8192), 0x10000n);

  it('are checked at once', () => {
    expect(() => walk(npt, memory, { root: 0x1001en })).toThrow(
      'root.root must be a multiple of 4096, got 0x1001e: CR3 and EPTP keep flags in the low bits',
    );
    expect(() => walk(npt, memory, { root: 0x9000n })).toThrow('root.root 0x9000 is not in this memory');
    expect(() => walk(npt, memory, { root: 0x12000n })).toThrow('root.root 0x12000 is not in this memory');
    expect(() => walk(npt, memory, { root: 0x10000n, level: 6 })).toThrow(
      'root.level must be an integer within 1..5, got 6',
    );
    expect(() => walk(npt, memory, { root: 0x10000n, level: 4, pae: true })).toThrow(
      'root.level of a PAE root must be 3, got 4',
    );
    expect(() => walk(npt, memory, { root: 1 as unknown as bigint })).toThrow(TypeError);
    expect(() => walk(npt, memory, { root: 0x10000n, gpa: -1n })).toThrow('root.gpa must be within 0x0..');
    expect([...walk(npt, memory, { root: 0x11000n })]).toEqual([]);
  });

  it('include a reader that keeps its contract', () => {
    const broken: PhysicalMemory = { read: () => new Uint8Array(4095) };
    expect(() => walk(npt, broken, { root: 0x1000n })).toThrow(
      'memory.read(0x1000, 4096) must return 4096 bytes or null, got 4095 bytes',
    );
  });
});

describe('a long walk', () => {
  const { memory, root, put } = startTables(npt);
  put([0, 0, 0, 0], leaf(npt, 1, 0x1n));
  put([0, 0, 1, 0], leaf(npt, 1, 0x2n));
  put([7, 0, 0, 0], leaf(npt, 1, 0x3n));

  it('tells how far it has come', () => {
    const heard: WalkProgress[] = [];
    expect([...walk(npt, memory, { root }, { onProgress: (progress) => heard.push(progress) })]).toHaveLength(
      10,
    );
    expect(heard.map(({ tables }) => tables)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(heard.map(({ done }) => done)).toEqual([0, 0, 0, 0, 0.25, 0.5, 0.5, 0.5]);
    expect(heard[4]?.gpa).toBe(0x200000n);
  });

  it('ends when it is aborted', () => {
    const controller = new AbortController();
    const options = {
      signal: controller.signal,
      onProgress: ({ tables }: WalkProgress) => {
        if (tables === 3) controller.abort(new Error('enough'));
      },
    };
    const seen: number[] = [];
    expect(() => {
      for (const { level } of walk(npt, memory, { root }, options)) seen.push(level);
    }).toThrow('enough');
    expect(seen).toEqual([4, 3]);
    expect(() => walk(npt, memory, { root }, options).next()).toThrow('enough');
  });
});

it('entryBytes is the page size of a level', () => {
  expect([1, 2, 3, 4, 5].map(entryBytes)).toEqual([12n, 21n, 30n, 39n, 48n].map((n) => 1n << n));
});
