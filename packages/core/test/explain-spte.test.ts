// SPDX-License-Identifier: GPL-2.0-only
import {
  createMmu,
  defineVendor,
  explainSpte,
  type HostFacts,
  legacyFormat,
  type Mmu,
  outcomeText,
  renderExplanation,
  toJson,
  type Vendor,
} from '@spte/core';
import { l1tf, mmio, svm, vmx } from '@spte/testing/shipped';
import { describe, expect, it } from 'vitest';

function mmuOf(vendor: Vendor, host: Partial<HostFacts> = {}, kernel = '6.8'): Mmu {
  return createMmu({ kernel, vendor, host: { physBits: 46, ...host }, policies: [l1tf, mmio()] });
}

const ept = mmuOf(vmx());
const vulnerable = mmuOf(vmx({ eptAd: false }), { l1tf: true, cacheBits: 44 });
const npt = mmuOf(svm());
const shadow = mmuOf(vmx({ ept: false }));

describe('the CPU', () => {
  it('ends in a nested page fault where NPT refuses', () => {
    const mmioEntry = explainSpte(npt, 0x80000fee00001n, 1).cpu[0];
    expect(mmioEntry?.read).toMatchObject({ kind: 'nested-page-fault', errorCode: 0b1101 });
    const noExecute = explainSpte(npt, 0x8000000100000e67n, 1).cpu[0];
    expect(noExecute?.fetch).toEqual({ kind: 'nested-page-fault', errorCode: 0b10101, causes: [] });
    expect(explainSpte(npt, 0n, 1).cpu[0]?.write).toMatchObject({ errorCode: 0b110 });
  });

  it('tells users from supervisors in shadow paging', () => {
    const [user, supervisor] = explainSpte(shadow, 0x100000e63n, 1).cpu;
    expect(user).toMatchObject({ accessor: 'user', read: { kind: 'page-fault', errorCode: 0b101 } });
    expect(supervisor).toMatchObject({
      accessor: 'supervisor',
      write: { kind: 'translates', hpa: 0x100000000n },
    });
  });

  it('reads a PAT entry from three bits, at each size', () => {
    const small = explainSpte(npt, 0x100000e67n | 0x98n, 1).cpu[0]?.read;
    expect(small).toMatchObject({ memtype: 'PAT entry 7' });
    const large = explainSpte(npt, 0x100000ee7n | 0x1000n, 2).cpu[0]?.read;
    expect(large).toMatchObject({ memtype: 'PAT entry 4' });
  });

  it('is not asked without a level, nor of a vendor that does not say', () => {
    expect(explainSpte(ept, 0x600000455299b77n).cpu).toEqual([]);
    const quiet = defineVendor({
      name: 'quiet',
      apiVersion: 1,
      format: legacyFormat,
      setup: (_setup, registry) => registry,
    });
    expect(explainSpte(mmuOf(quiet), 0x100000e67n, 1).cpu).toEqual([]);
  });
});

describe('L1TF', () => {
  it('is a question for entries that fault, and for no other', () => {
    expect(explainSpte(vulnerable, 0x610000100000877n, 1).l1tf).toBeNull();
    expect(explainSpte(vulnerable, 0n, 1).l1tf).toMatchObject({ safe: true, fetches: 0n });
    expect(explainSpte(vulnerable, 0n).l1tf).toMatchObject({ safe: true });
    expect(explainSpte(vulnerable, 0x610000100000877n).l1tf).toBeNull();
  });

  it('is guarded against in MMIO entries, and not in tracked leaves', () => {
    expect(explainSpte(vulnerable, 0xf80fee0000en, 1).l1tf).toMatchObject({ safe: true });
    expect(explainSpte(vulnerable, 0x750000000100870n, 1).l1tf).toMatchObject({
      safe: false,
      fetches: 0x100000n,
    });
  });

  it('is nobody’s question without the policy', () => {
    const mmu = createMmu({ vendor: vmx(), host: { physBits: 46 } });
    expect(explainSpte(mmu, 0n, 1).l1tf).toBeNull();
  });
});

describe('an explanation', () => {
  it('says where it comes from', () => {
    const { context, fields, evidence } = explainSpte(ept, 0x600000455299b77n, 1);
    expect(context).toEqual({ kernel: '6.8', layout: '5.13', vendor: 'vmx', mmu: 'tdp' });
    expect(fields.find(({ name }) => name === 'hostWritable')?.because).toEqual({
      rule: 'kvm_mmu_set_ept_masks',
      bits: 1n << 57n,
      era: '5.13',
    });
    expect(evidence.filter(({ holds }) => holds).map(({ kinds }) => kinds)).toEqual([
      ['leaf', 'tracked', 'table'],
      ['leaf', 'tracked'],
    ]);
  });

  it('survives JSON, with bigints as hex strings', () => {
    const json: unknown = JSON.parse(JSON.stringify(toJson(explainSpte(ept, 0x600000455299b77n, 1))));
    expect(json).toMatchObject({
      value: '0x600000455299b77',
      level: 1,
      kind: 'leaf',
      mapping: { pfn: '0x455299', memtype: 'WB', restored: null },
      findings: [],
      cpu: [{ read: { kind: 'translates', hpa: '0x455299000' } }],
    });
  });
});

describe('the text of an explanation', () => {
  const text = (mmu: Mmu, spte: bigint, level: number | null = 1): string =>
    renderExplanation(explainSpte(mmu, spte, level));

  it('has the verdict first, then context and address, then every field', () => {
    const lines = text(ept, 0x600000455299b77n).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '0x0600000455299b77  clean leaf: maps the 4K page at 0x455299000, rwx, WB',
      '  leaf, level 1  (vmx tdp, kernel 6.8, layout since 5.13)',
      '  pfn 0x455299  hpa 0x455299000  rwx  WB+IPAT',
    ]);
    expect(lines).toContain('      58  mmuWritable     yes  (a write fault may set W without mmu_lock)');
    expect(lines.at(-1)).toBe('  guest fetch: to 0x455299000, WB, guest PAT ignored');
  });

  it('says users apart where the format does, and an unknown level', () => {
    expect(text(npt, 0x100000e67n, null)).toContain('leaf, level unknown');
    expect(text(npt, 0x100000e67n)).toContain('rwxu');
    expect(text(npt, 0x8000000100000821n)).toContain('r---');
    expect(text(ept, 0x200000455299b30n | 0x1n)).toContain('r--  WB\n');
  });

  it('has what a tracked leaf becomes', () => {
    expect(text(vulnerable, 0x750000000100870n)).toContain('restoring gives 0x610000000100875');
    expect(text(vulnerable, 0x750000000100870n)).toContain('L1TF: UNSAFE');
  });

  it('has gfn, access and generation of an MMIO entry', () => {
    expect(text(ept, 0x7ff00000fee007fen)).toContain(
      'gfn 0xfee00  gpa 0xfee00000  access 0x0  generation 0x7ffff',
    );
    expect(text(ept, 0xfee0000en)).toContain(
      'guest read:  EPT misconfiguration: write-without-read (bits 2:0)',
    );
    expect(text(ept, 0xfee0000en)).toContain('L1TF: safe');
  });

  it('has findings with their bits and what to ask next', () => {
    const lines = text(ept, 0x600000455299b77n | (1n << 50n));
    expect(lines).toContain('error: reserved bit 0x4000000000000 is set');
    expect(lines).toContain('[reserved-bits, bit 50]');
    expect(lines).toMatch(/ {4}next: a pfn beyond MAXPHYADDR/);
  });

  it('has guesses for anything that is not an entry', () => {
    expect(text(ept, 0x9c0000047eba3107n)).toContain("may be another hypervisor's");
  });

  it('writes a range for bits that are apart', () => {
    expect(text(ept, 0x7ff00000fee007fen)).toContain('62..3  mmioGeneration');
  });

  it('has words for every outcome', () => {
    expect(outcomeText({ kind: 'next-table', hpa: 0x1000n })).toBe('on to the table at 0x1000');
    expect(outcomeText({ kind: 'ept-violation', qualification: 0x12 })).toBe(
      'EPT violation, qualification 0x12',
    );
    const causes = [{ cause: 'reserved-bits', bits: [50, 51] }];
    expect(outcomeText({ kind: 'page-fault', errorCode: 9, causes })).toBe(
      '#PF, error code 0x9: reserved-bits (bits 51:50)',
    );
    expect(outcomeText({ kind: 'nested-page-fault', errorCode: 0xd, causes: [] })).toBe(
      'nested page fault, error code 0xd',
    );
  });
});

describe('judging', () => {
  it('without a level reports what is wrong at every level', () => {
    const codes = (spte: bigint): string[] => explainSpte(ept, spte).findings.map(({ code }) => code);
    expect(codes(0x2c583e907n)).toEqual([]);
    expect(codes(0x2c583e907n | (1n << 50n))).toContain('reserved-bits');
    // Bits 20:12 are reserved in a 2M page and in a 1G page; bit 25 only in the latter.
    expect(codes(0x600000040001bf7n)).toEqual(['reserved-bits']);
    expect(codes(0x600000042000bf7n)).toEqual([]);
  });

  it('names a gfn that no guest can have', () => {
    const small = mmuOf(vmx(), { physBits: 40 });
    const finding = explainSpte(small, 0x100fee0000en, 1).findings[0];
    expect(finding).toMatchObject({ code: 'bits-without-meaning', bits: [40] });
    // Shadow paging has gpas of up to 52 bits, NPT no more than the CPU.
    const encrypted = mmuOf(vmx(), { physBits: 46, cpuid80000008Eax: 40 });
    expect(explainSpte(encrypted, 0x100fee0000en, 1).findings[0]).toMatchObject({
      code: 'mmio-gfn-too-high',
    });
  });

  it('names a missing L1TF guard', () => {
    expect(explainSpte(vulnerable, 0xfee0000en, 1).findings[0]).toMatchObject({
      code: 'l1tf-guard-missing',
      bits: [39, 40, 41, 42, 43],
    });
  });

  it('names what this kernel never writes', () => {
    const codes = (mmu: Mmu, spte: bigint, level = 1): string[] =>
      explainSpte(mmu, spte, level).findings.map(({ code }) => code);
    expect(codes(npt, 0x100000e67n | (1n << 53n))).toEqual(['ad-type-invalid']);
    expect(codes(ept, 0x600000455299b77n | (3n << 52n))).toEqual(['ad-type-invalid']);
    expect(codes(npt, 0x100000e66n)).toEqual(['present-mask-missing']);
    expect(codes(npt, 0x100000e67n | 0x100n)).toEqual(['bits-kvm-never-sets']);
    expect(codes(ept, 0x600000455299b77n | (1n << 59n))).toEqual(['bits-without-meaning']);
    expect(codes(ept, 0x2c583e905n, 3)).toEqual(['table-permissions-missing']);
    const mktme = mmuOf(vmx(), { physBits: 46, cpuid80000008Eax: 52 });
    expect(codes(mktme, 0x600000455299b77n | (1n << 50n))).toEqual(['encryption-bits']);
  });
});
