// SPDX-License-Identifier: GPL-2.0-only
import {
  assignMasks,
  defineVendor,
  EPT,
  explainSpte,
  FINDING_SEVERITIES,
  type Finding,
  findingNext,
  findingText,
  hitsPrintedMask,
  judgeSpte,
  makeNonleafSpte,
  markSpteForAccessTrack,
  verdict,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const ept = mmuOf(eptVendor);
const LEAF = 0x61000034d4fe877n;
const MMU_PRESENT = 1n << 11n;
const MMU_WRITABLE = 1n << 58n;

const brief = (found: readonly Finding[]): [string, readonly number[]][] =>
  found.map(({ code, bits }) => [code, bits]);

describe('a single bit is blamed', () => {
  it('for an entry of no kind that is clean with the MMU-present bit', () => {
    expect(judgeSpte(ept, LEAF, 1)).toEqual([]);
    expect(brief(judgeSpte(ept, LEAF & ~MMU_PRESENT, 1))).toEqual([['not-an-spte', [11]]]);
  });

  it('but not where something else would be wrong with it', () => {
    const [found, ...others] = judgeSpte(ept, LEAF & ~MMU_PRESENT & ~MMU_WRITABLE, 1);
    expect(others).toEqual([]);
    expect(found?.bits.length).toBeGreaterThan(1);
    expect(found?.bits).not.toContain(11);
    expect(found && findingText(found)).toBe('not present, empty, frozen or MMIO in this kernel');
  });
});

describe('bit 7 is blamed', () => {
  it('beside the address bits of a table that it makes wrong, lowest first', () => {
    const table = makeNonleafSpte(ept, 0x2c583e000n, false);
    expect(judgeSpte(ept, table, 2)).toEqual([]);
    const [found] = judgeSpte(ept, table | (1n << 7n), 2);
    expect(found).toMatchObject({ code: 'reserved-bits', bits: [7, 13, 14, 15, 16, 17] });
    expect(found && findingNext(found)).toBe(
      'bit 7 (page size) is wrong: with it the other way round the entry is clean',
    );
  });
});

describe('the bits that say "present"', () => {
  const vendor = defineVendor({
    ...eptVendor,
    setup: (setup, registry) =>
      assignMasks(eptVendor.setup(setup, registry), 'ept_test_setup', { present: EPT.readable.mask }),
  });
  const mmu = mmuOf(vendor);

  it('must be in a leaf, but not in one of which access tracking took them', () => {
    expect(judgeSpte(mmu, LEAF, 1)).toEqual([]);
    expect(judgeSpte(mmu, markSpteForAccessTrack(mmu, LEAF), 1)).toEqual([]);
    expect(brief(judgeSpte(mmu, LEAF & ~EPT.readable.mask, 1))).toContainEqual(['present-mask-missing', [0]]);
  });
});

describe('reserved bits that the caller gives', () => {
  const foundWith = (spte: bigint, rsvdBits?: bigint) => brief(judgeSpte(ept, spte, 1, { rsvdBits }));

  it("take the place of the MMU's", () => {
    expect(foundWith(LEAF | (1n << 50n))).toEqual([['reserved-bits', [50]]]);
    expect(foundWith(LEAF | (1n << 50n), 0n)).toEqual([]);
    expect(foundWith(LEAF, 1n << 13n)).toEqual([['reserved-bits', [13]]]);
  });

  it('are not said to have no meaning, too, nor to be none that KVM sets', () => {
    const [unowned, neverSet] = [1n << 62n, 1n << 63n];
    expect(foundWith(LEAF | unowned | neverSet)).toEqual([
      ['bits-kvm-never-sets', [63]],
      ['bits-without-meaning', [62]],
    ]);
    expect(foundWith(LEAF | unowned | neverSet, unowned | neverSet)).toEqual([['reserved-bits', [62, 63]]]);
  });
});

// From public reports: what the kernel printed says which bits it refused, whatever the machine was.
describe('a printed mask of reserved bits', () => {
  const saysOf = (spte: bigint, mask: bigint, level: number | null): string[] => {
    const hit = hitsPrintedMask(spte, mask, level);
    return hit === null ? [] : [bits(hit), findingText(hit), findingNext(hit)];
  };
  const bits = (hit: Pick<Finding, 'bits'>): string => hit.bits.join();

  it('names the bits that it hits, each with its advice', () => {
    const hits = [
      saysOf(0x800000018a600ee7n, 0x800f0000001fe000n, 2),
      saysOf(0x8000000012200ce5n, 0x800fc000001fe000n, 2),
      saysOf(0x100f_fffc_4465_825n, 0xffff000000000000n, 1),
      saysOf(0x84_5529_9b77n, 0xf_fff8_0000_0000n, 1),
      saysOf(0x2c583e987n, 0xf_c000_0000_0080n, 4),
      saysOf(0x2c583e987n, 0xf_c000_0000_0080n, null),
      saysOf(0x1234_5000n | 0x187n, 0x1fen, 3),
    ];
    expect(hits.map((lines) => lines.join('\n')).join('\n')).toMatchInlineSnapshot(`
      "63
      bit 0x8000000000000000 is set, which the kernel printed as reserved (0x800f0000001fe000)
      NX: is EFER.NX clear? KVM sets it all the same, and its own check is wrong: in NPT up to 5.19 (6c6ab524cfae), in shadow paging up to 5.13 (112022bdb5bc)
      63
      bit 0x8000000000000000 is set, which the kernel printed as reserved (0x800fc000001fe000)
      NX: is EFER.NX clear? KVM sets it all the same, and its own check is wrong: in NPT up to 5.19 (6c6ab524cfae), in shadow paging up to 5.13 (112022bdb5bc)
      56
      bit 0x100000000000000 is set, which the kernel printed as reserved (0xffff000000000000)
      bits 62:52, which a PAE table does not have for software: are the levels right, or a stray write?
      39
      bit 0x8000000000 is set, which the kernel printed as reserved (0xffff800000000)
      a pfn beyond MAXPHYADDR, a C-bit or key id that is not masked, or a stray write
      7
      bit 0x80 is set, which the kernel printed as reserved (0xfc00000000080)
      page size: no page is that large, is this the level?
      7
      bit 0x80 is set, which the kernel printed as reserved (0xfc00000000080)
      page size: this CPU has no pages of that size, or the level has none
      1,2,7,8
      bits 0x186 are set, which the kernel printed as reserved (0x1fe)
      page size: this CPU has no 1G pages (gbpages); attributes of a leaf in a table, or a stray write"
    `);
  });

  it('is no finding where it hits none', () => {
    expect(hitsPrintedMask(LEAF, 0xffc0000000000000n & ~LEAF, 1)).toBeNull();
    expect(hitsPrintedMask(LEAF, 0n)).toBeNull();
  });

  it('refuses anything that is not a word, or not a level', () => {
    expect(() => hitsPrintedMask(-1n, 0n)).toThrow('spte');
    expect(() => hitsPrintedMask(0n, 1n << 64n)).toThrow('printed');
    expect(() => hitsPrintedMask(0n, 0n, 6)).toThrow('level');
    expect(() => judgeSpte(ept, 0n, 1, { printedRsvdBits: -1n })).toThrow('options.printedRsvdBits');
  });

  it('comes first among the findings of an entry, of whatever kind', () => {
    const explain = (spte: bigint, level: number | null, printedRsvdBits: bigint) =>
      explainSpte(ept, spte, level, { printedRsvdBits });
    const leaf = explain(LEAF, 1, 1n << 58n);
    expect(brief(leaf.findings)).toEqual([['printed-reserved-bits', [58]]]);
    expect(leaf.findings[0]?.because).toMatchObject({ rule: 'get_rsvd_bits', bits: 1n << 58n });
    expect(verdict(leaf)).toBe(
      'bad leaf: bit 0x400000000000000 is set, which the kernel printed as reserved (0x400000000000000)',
    );
    const none = explain(LEAF & ~MMU_PRESENT, null, 1n << 58n);
    expect(brief(none.findings).map(([code]) => code)).toEqual(['printed-reserved-bits', 'not-an-spte']);
    expect(verdict(none)).toBe(
      'not an entry of this kernel: bit 0x400000000000000 is set, which the kernel printed as reserved (0x400000000000000)',
    );
    expect(brief(explain(LEAF, 1, 1n << 62n).findings)).toEqual([]);
  });

  it('is one thing with what is wrong without it, where it hits the same bits', () => {
    const bad = LEAF | (1n << 50n);
    const codes = (printed: bigint) =>
      brief(judgeSpte(ept, bad, 1, { printedRsvdBits: printed })).map(([code]) => code);
    expect(codes(0n)).toContain('reserved-bits');
    expect(codes(1n << 50n)).toEqual(codes(0n));
    expect(codes((1n << 50n) | (1n << 58n))).toEqual(['printed-reserved-bits', ...codes(0n)]);
  });
});

it('a gfn beyond the last is found by the bits that made room for the L1TF guard, too', () => {
  const mmu = machine('EPT without A/D, L1TF');
  // Bit 39 of the address stands at bit 44; the machine has 39 bits.
  const guarded = mmu.masks.vmMmioValue | mmu.masks.nonpresentOrRsvd;
  expect(judgeSpte(mmu, guarded | (1n << 38n), 1)).toEqual([]);
  expect(brief(judgeSpte(mmu, guarded | (1n << 44n), 1))).toEqual([['mmio-gfn-too-high', [44]]]);
});

describe('the severity of a finding', () => {
  it('is that of the table, errors come first, and every single bit has one', () => {
    const severities = new Map<string, string>(Object.entries(FINDING_SEVERITIES));
    for (let bit = 0n; bit < 64n; bit++) {
      const found = judgeSpte(ept, LEAF ^ (1n << bit), 1, { printedRsvdBits: 1n << 63n });
      expect(found.map(({ severity }) => severity)).toEqual(found.map(({ code }) => severities.get(code)));
      expect(found.map(({ severity }) => severity)).toEqual(found.map(({ severity }) => severity).toSorted());
    }
  });

  it('is a warning where nothing refuses the entry', () => {
    const warnings = Object.entries(FINDING_SEVERITIES).filter(([, severity]) => severity === 'warning');
    expect(warnings.map(([code]) => code)).toEqual([
      'table-permissions-missing',
      'ad-type-invalid',
      'present-mask-missing',
      'encryption-bits',
      'bits-kvm-never-sets',
      'mmio-gfn-too-high',
      'bits-without-meaning',
      'software-bits-missing',
      'plugin-failed',
    ]);
  });
});
