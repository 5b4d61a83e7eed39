// SPDX-License-Identifier: GPL-2.0-only
import { getRsvdBits, type Mmu } from '@spte/core';
import { sampled } from '@spte/testing/sampled';
import {
  annotate,
  annotationCounter,
  checkRecord,
  createAnnotator,
  createChecker,
  parseLine,
  type TraceRecord,
} from '@spte/trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encrypting, mmuOfRun, traces } from './runs.ts';

const npt = mmuOfRun('svm61-npt-tdp');
const ept = mmuOfRun('vmx61-ept-ad');

function record(line: string): TraceRecord {
  const found = parseLine(line);
  if (found === null) throw new Error(`no record: ${line}`);
  return found;
}
const check = (mmu: Mmu, line: string) => checkRecord(record(line), mmu);
const follow = (mmu: Mmu, ...lines: string[]) => {
  const checker = createChecker(mmu);
  return lines.map((line) => checker.check(record(line))).at(-1);
};

describe('what is printed beside a value', () => {
  it('agrees where the kernel is the one that is assumed', () => {
    expect(check(npt, 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (rwxu) level 1 at 1a1080')).toEqual([
      { field: 'access', printed: 'rwxu', computed: 'rwxu', agree: true },
    ]);
    expect(check(npt, 'check_mmio_spte: spte 80000d0000057 kvm_gen a spte-gen a valid 1')).toEqual([
      { field: 'spte-gen', printed: '0xa', computed: '0xa', agree: true },
      { field: 'valid', printed: '1', computed: '1', agree: true },
    ]);
    const spte = 0x8913827n;
    const rsvd = getRsvdBits(npt.zeroCheck, spte, 2).toString(16);
    expect(check(npt, `------ spte = 0x8913827 level = 2, rsvd bits = 0x${rsvd}`)[0]?.agree).toBe(true);
    expect(check(npt, `spte = 0x8913827, level = 2, rsvd bits = 0x00${rsvd}`)[0]?.agree).toBe(true);
  });

  it('names the bits that a printed mask of reserved bits hits, whether or not it agrees', () => {
    const printed = (spte: string, mask: string) =>
      check(npt, `spte = ${spte}, level = 2, rsvd bits = ${mask}`);
    expect(printed('0x800000018a600ee7', '0x800f0000001fe000')).toEqual([
      {
        field: 'rsvd_bits',
        printed: '0x800f0000001fe000',
        computed: '0xfff00001fe000',
        agree: false,
        hits: [63],
      },
    ]);
    expect(printed('0x18a600ee7', '0x800f0000001fe000')[0]).not.toHaveProperty('hits');
    expect(check(npt, '------ spte 0x8913827 level 2')).toEqual([]);
  });

  it('names them once: not where the entry is found wrong for the same bits by itself', () => {
    const said = (spte: string) =>
      annotate(record(`spte = ${spte}, level = 2, rsvd bits = 0xc000000000000`), npt);
    const { checks, sptes } = said('0x400018a600ee7');
    expect(sptes[0]?.findings).toMatchObject([{ code: 'reserved-bits', bits: [50] }]);
    expect(checks[0]).not.toHaveProperty('hits');
    expect(check(npt, 'spte = 0x400018a600ee7, level = 2, rsvd bits = 0xc000000000000')[0]?.hits).toEqual([
      50,
    ]);
  });

  it('disagrees where it is another one, or the line was garbled', () => {
    expect(check(npt, 'kvm_mmu_set_spte: gfn 10 spte 797fe67 (r--u) level 1')).toMatchObject([
      { printed: 'r--u', computed: 'rwxu', agree: false },
    ]);
    expect(check(npt, 'check_mmio_spte: spte 80000d0000057 kvm_gen a spte-gen b valid 0')).toMatchObject([
      { field: 'spte-gen', agree: false },
      { field: 'valid', computed: '1', agree: false },
    ]);
    expect(check(npt, 'spte = 0x8913827, level = 2, rsvd bits = 0x1')[0]).toMatchObject({
      printed: '0x1',
      agree: false,
    });
  });

  it('agrees where the kernel lost the first letter, and that is counted', () => {
    const set = (access: string, spte = '797fe67') =>
      `kvm_mmu_set_spte: gfn 10 spte ${spte} (${access}) level 1`;
    expect(check(npt, set('wxu'))).toEqual([
      { field: 'access', printed: 'wxu', computed: 'rwxu', agree: true },
    ]);
    expect(check(npt, set('-xu', '797fe65'))[0]?.agree).toBe(true);
    expect(check(npt, set('wxu', '797fe65'))[0]?.agree).toBe(false);
    expect(check(npt, set('xu'))[0]?.agree).toBe(false);
    const annotate = createAnnotator(npt);
    const counter = annotationCounter();
    for (const access of ['rwxu', 'wxu', 'wxu', 'r--u'])
      counter.add(annotate({ ...record(set(access)), line: 7 }));
    const other = annotationCounter();
    other.merge(counter.sightings());
    for (const { tally } of [counter, other]) {
      expect(tally()).toMatchObject({
        checks: 4,
        disagreements: 1,
        disagreementsByField: { access: { count: 1, first: 7 } },
        lostLettersByField: { access: { count: 2, first: 7 } },
      });
    }
  });

  it('is of another machine where the kernel takes an entry for MMIO that is none here', () => {
    expect(check(npt, 'check_mmio_spte: spte 797fe67 kvm_gen a spte-gen b valid 0')).toEqual([
      { field: 'kind', printed: 'mmio', computed: 'leaf', agree: false },
    ]);
    expect(check(ept, 'check_mmio_spte: spte 80000d0000057 kvm_gen a spte-gen a valid 1')).toMatchObject([
      { field: 'kind', printed: 'mmio', agree: false },
    ]);
  });

  it('is compared in raw mode as well', () => {
    const raw = 'kvm_mmu_set_spte: gfn=10 spte=4518e67 sptep=17f080 level=1 r=1 x=1 u=0';
    expect(check(npt, raw).map(({ field, agree }) => [field, agree])).toEqual([
      ['r', true],
      ['x', true],
      ['u', false],
    ]);
    expect(check(npt, 'kvm_mmu_set_spte: gfn=10 spte=4518e67')).toEqual([]);
    expect(check(npt, 'check_mmio_spte: kvm_gen=a spte_gen=a spte=80000d0000057')).toEqual([
      { field: 'spte_gen', printed: '0xa', computed: '0xa', agree: true },
    ]);
    expect(check(npt, 'check_mmio_spte: spte_gen=a spte=80000d0000057')).toHaveLength(1);
    // Without a user mask the kernel prints three letters, and u is no flag.
    const noUser = { ...npt, masks: { ...npt.masks, user: 0n } };
    expect(check(noUser, raw).map(({ field }) => field)).toEqual(['r', 'x']);
  });

  it('is left alone where there is nothing to compare', () => {
    expect(check(npt, 'kvm_mmu_spte_requested: gfn 10 pfn 797f level 1')).toEqual([]);
    expect(check(npt, '------ spte 0x8913827 level 2.')).toEqual([]);
    expect(check(npt, '------ spte = 0x8913827 level = 9, rsvd bits = 0x1')).toEqual([]);
    expect(check(npt, 'kvm_mmio_spte: (x) spte=0x80000d0000057')).toEqual([]);
  });
});

describe('lines that follow each other', () => {
  const CHECK = 'vm-1 [000] 1.0: check_mmio_spte: spte f80d0000056 kvm_gen a spte-gen a valid 1';
  const handle = (gfn: string, header = 'vm-1 [000] 1.1: ') =>
    `${header}handle_mmio_page_fault: addr:0 gfn ${gfn} access 0`;

  it('show the gfn of the MMIO entry', () => {
    expect(follow(ept, CHECK, handle('d0000'))).toMatchObject([
      { field: 'gfn', printed: '0xd0000', computed: '0xd0000', agree: true },
      { field: 'access', agree: true },
    ]);
    expect(follow(ept, CHECK, handle('d0001'))).toMatchObject([
      { field: 'gfn', agree: false },
      { agree: true },
    ]);
  });

  it('show what was put into a new one', () => {
    const made = '[001] 1.0: kvm_mmio_spte: (x <- make_mmio_spte) spte=0xf80d0000056';
    const mark = (gfn: string) => `[001] 1.1: mark_mmio_spte: sptep:00 gfn ${gfn} access 6 gen a`;
    expect(follow(ept, made, mark('d0000'))?.map(({ agree }) => agree)).toEqual([true, true, true]);
    expect(follow(ept, made, mark('d0001'))?.map(({ agree }) => agree)).toEqual([false, true, true]);
    expect(follow(ept, CHECK, mark('d0000'))).toEqual([]);
    expect(follow(ept, made, handle('d0000', '[001] 1.1: '))).toEqual([]);
    expect(follow(ept, made, made)).toEqual([]);
  });

  it('are those of one task, with nothing between them', () => {
    const other = 'vm-2 [000] 1.0: kvm_mmu_spte_requested: gfn 10 pfn 797f level 1';
    const same = other.replace('vm-2', 'vm-1');
    expect(follow(ept, CHECK, other, handle('d0000'))).toHaveLength(2);
    expect(follow(ept, CHECK, same, handle('d0000'))).toEqual([]);
    expect(follow(ept, CHECK, handle('d0000', 'vm-2 [000] 1.1: '))).toEqual([]);
    expect(follow(ept, handle('d0000'))).toEqual([]);
  });

  it('are forgotten when there are too many tasks', () => {
    const lines = Array.from({ length: 5000 }, (_, pid) => CHECK.replace('vm-1', `vm-${pid + 2}`));
    expect(follow(ept, CHECK, ...lines, handle('d0000'))).toEqual([]);
    expect(follow(ept, CHECK, ...lines, handle('d0000', 'vm-5001 [000] 1.1: '))).toHaveLength(2);
  });
});

describe('an annotated line', () => {
  const about = (mmu: Mmu, line: string) => annotate(record(line), mmu).sptes;

  it('says what its SPTEs are', () => {
    expect(
      annotate(
        record('x-1 [0] 2.5: kvm_mmu_set_spte: gfn 10 spte 600000455299b77 (rwxu) level 1 at 1a1080'),
        ept,
      ),
    ).toEqual({
      line: 1,
      event: 'kvm_mmu_set_spte',
      timestamp: '2.5',
      fields: { gfn: '0x10', spte: '0x600000455299b77', access: 'rwxu', level: 1, at: '0x1a1080' },
      sptes: [
        {
          role: 'spte',
          value: '0x600000455299b77',
          level: 1,
          kind: 'leaf',
          gfn: '0x10',
          pfn: '0x455299',
          access: 'rwx',
          memtype: 'WB',
          generation: null,
          findings: [],
          possible: [],
        },
      ],
      checks: [{ field: 'access', printed: 'rwxu', computed: 'rwxu', agree: true }],
    });
    expect(
      about(ept, 'kvm_tdp_mmu_spte_changed: as id 0 gfn 0 level 4 old_spte 2c583e907 new_spte 5a0'),
    ).toMatchObject([
      { role: 'old', kind: 'table', pfn: '0x2c583e', access: 'rwx', memtype: null },
      { role: 'new', kind: 'frozen', pfn: null, access: null },
    ]);
    expect(about(ept, 'kvm_mmio_spte: (x) spte=0xf80d0000056')).toMatchObject([
      { kind: 'mmio', gfn: '0xd0000', generation: '0xa', pfn: null, findings: [] },
    ]);
    expect(about(npt, 'kvm_mmu_set_spte: gfn 10 spte 797fe65 (r-xu) level 1')).toMatchObject([
      { access: 'r-x', memtype: null },
    ]);
    const nx = mmuOfRun('vmx61-ept-noad');
    expect(about(nx, 'kvm_acctrack_new: (x) new=0x750000007000870')).toMatchObject([
      { kind: 'tracked', access: '---', gfn: null },
    ]);
    expect(about(ept, 'kvm_mmu_paging_element: pte 8000000002f3a161 level 1')).toMatchObject([
      { kind: 'guest', pfn: null, findings: [] },
    ]);
  });

  it('names what is wrong, and the bits', () => {
    const [spte] = about(npt, 'spte = 0xfffffc4465825, level = 1, rsvd bits = 0x1');
    expect(spte?.findings[0]).toMatchObject({ code: 'reserved-bits' });
    expect(spte?.findings[0]?.bits).toContain(51);
  });

  it('looks anew at an entry with a key, or without the C-bit', () => {
    const kindsAt = (level: number | null, mmu: Mmu, ...values: bigint[]) => {
      const annotator = createAnnotator(mmu);
      const base = record('kvm_mmio_spte: (x) spte=0x1');
      const sptes = values.map((value) => ({ role: 'spte', value, level }) as const);
      return annotator({ ...base, sptes }).sptes.map(({ findings, pfn }) => [
        findings.map(({ code }) => code).join(),
        pfn,
      ]);
    };
    const kinds = (mmu: Mmu, ...values: bigint[]) => kindsAt(1, mmu, ...values);
    const key = 1n << 47n;
    expect(kinds(encrypting.mktme, 0x600000455299b77n, 0x600000455299b77n | key)).toEqual([
      ['', '0x455299'],
      ['encryption-bits', '0x800455299'],
    ]);
    const cBit = encrypting.sme.masks.meValue;
    expect(cBit).toBe(1n << 47n);
    expect(kinds(encrypting.sme, 0x797fe67n | cBit, 0x7980e67n | cBit)).toEqual([
      ['', '0x797f'],
      ['', '0x7980'],
    ]);
    // A table has it; where the level is not known, that tells it from a leaf.
    const tables = [0x1827n | cBit, 0x1827n, 0x2827n | cBit, 0x2827n];
    const [table, bare] = ['', 'table-permissions-missing'];
    const pfns = ['0x1', '0x1', '0x2', '0x2'];
    const leaf = 'invariant.hw-writable-without-mmu-writable';
    expect(kindsAt(2, encrypting.sme, ...tables)).toEqual(
      pfns.map((pfn, n) => [n % 2 === 0 ? table : bare, pfn]),
    );
    expect(kindsAt(null, encrypting.sme, ...tables)).toEqual(
      pfns.map((pfn, n) => [n % 2 === 0 ? table : leaf, pfn]),
    );
  });

  it('is the same whether it is remembered or found anew', () => {
    const runs = [...new Set(traces.map(([run]) => run))];
    const mmus = [...runs.map(mmuOfRun), encrypting.mktme, encrypting.sme];
    const anyBits = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    // Few bits beside the address, so that many are alike; and addresses in reach of every kind of reserved bit.
    const outside = fc.constantFrom(
      0x907n,
      0xb77n,
      0xe67n,
      0xee7n,
      0x827n,
      0xbf3n,
      0x5a0n,
      0x56n,
      0x57n,
      0n,
      1n << 59n,
      1n << 63n,
    );
    const shift = fc.integer({ min: 12, max: 51 });
    const near = fc.tuple(
      outside,
      shift,
      fc.constantFrom(0n, 0x0600000000000000n, 0x8000000000000000n, 0x0010000000000000n, 1n << 47n),
    );
    const values = fc.array(
      fc.oneof(
        anyBits,
        near.map(([low, at, high]) => low | (1n << BigInt(at)) | high),
      ),
      { minLength: 20, maxLength: 60 },
    );
    const levels = fc.constantFrom(null, 1, 2, 3, 4, 5);
    fc.assert(
      fc.property(fc.constantFrom(...mmus), values, levels, (mmu, values, level) => {
        const annotator = createAnnotator(mmu);
        for (const value of values) {
          const base = record('kvm_mmio_spte: (x) spte=0x1');
          const made: TraceRecord = {
            ...base,
            sptes: [
              { role: 'new', value, level },
              { role: 'guest', value, level },
            ],
          };
          expect(annotator(made)).toEqual(annotate(made, mmu));
        }
      }),
      { numRuns: sampled(20, 60) },
    );
  });

  it('remembers no more than some thousands of single values', () => {
    const annotator = createAnnotator(npt);
    const base = record('kvm_mmio_spte: (x) spte=0x1');
    const values = Array.from({ length: 20_000 }, (_, value) => BigInt(value));
    const guests = annotator({
      ...base,
      sptes: values.map((value) => ({ role: 'guest', value, level: 1 })),
    });
    expect(guests.sptes.map(({ value }) => BigInt(value))).toEqual(values);
  });
});
