// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import {
  createMmu,
  explainSpte,
  guessText,
  type HostFacts,
  type Mmu,
  type RootConfig,
  type Vendor,
} from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { describe, expect, it } from 'vitest';

/** A public report: real/snippets.json holds the text, its source, and what is known of each value. */
interface Snippet {
  readonly id: string;
  readonly source: string;
  readonly spte_values: readonly {
    readonly value: string;
    readonly level: number;
    readonly role: string;
    readonly gpa?: string;
    readonly gen?: string;
  }[];
}

const snippets = JSON.parse(
  readFileSync(new URL('../real/snippets.json', import.meta.url), 'utf8'),
) as readonly Snippet[];

function context(
  kernel: string,
  vendor: Vendor,
  host: Partial<HostFacts> = {},
  root: Partial<RootConfig> = {},
): Mmu {
  return createMmu({ kernel, vendor, host: { physBits: 46, ...host }, policies: [l1tf, mmio()], root });
}

/** The machine of each report, as far as it says; entries of guests have none. */
const CONTEXTS: Readonly<Record<string, Mmu>> = {
  'kaspar-core2-l1tf': context('5.10.0-rc6', vmx({ ept: false }), { physBits: 36, l1tf: true }, { level: 3 }),
  'vitaly-icx-5level': context('5.10', vmx(), {}, { level: 5 }),
  'seanjc-npt-nx-huge': context('5.19', svm(), { physBits: 48 }, { kind: 'shadow', eferNx: false }),
  'levitsky-32bit-garbage': context('5.17.0-rc8', svm(), { physBits: 48 }),
  'krause-esxi-l1': context('6.2', vmx()),
  'lefebvre-ad-disabled': context('6.6.48', vmx({ eptAd: false })),
  'seanjc-invalid-change': context('6.1.0-rc4+', vmx()),
  'tdx-zap-root': context('6.10', vmx()),
  'gvisor-tail-page': context('6.8', vmx()),
  'amd-la57-hand-walk': context('5.10', svm(), { physBits: 48 }),
  'yadongqi-full-ept-dump': context('6.6', vmx()),
};

/** The kind that a report's own words for a value mean. */
function kindOf(role: string): string {
  if (role.startsWith('never-walked')) return 'unknown';
  if (role.startsWith('non-leaf')) return 'table';
  if (role.startsWith('REMOVED')) return 'frozen';
  return role.startsWith('mmio') ? 'mmio' : 'leaf';
}

/** The findings of entries that were bad; all others are clean. */
const FINDINGS: Readonly<Record<string, readonly [code: string, bits: readonly number[]][]>> = {
  '0x8000030e': [['not-an-spte', [1, 2, 3, 8, 9, 31]]],
  '0xb80a0': [['not-an-spte', [5, 7, 15, 16, 17, 19]]],
  '0x800000018a600ee7': [['reserved-bits', [63]]],
  '0xfffffc4465825': [
    ['reserved-bits', [48, 49, 50, 51]],
    ['mmio-and-present', [0, 11, 51]],
  ],
};

const values = snippets.flatMap(({ id, source, spte_values }) =>
  spte_values.flatMap((entry) => {
    const mmu = CONTEXTS[id];
    return mmu === undefined ? [] : [{ id, source, mmu, ...entry }];
  }),
);

describe('values of public reports', () => {
  it('all have a context, but for the entries of a guest', () => {
    expect(snippets.filter(({ id }) => !(id in CONTEXTS)).map(({ id }) => id)).toEqual(['krause-guest-walk']);
    expect(values.length).toBeGreaterThan(30);
  });

  it.each(values)('$id: $value is a $role', ({ mmu, value, level, role, gpa, gen }) => {
    const { kind, mmio: read, findings } = explainSpte(mmu, BigInt(value), level);
    expect(kind).toBe(kindOf(role));
    expect(findings.map(({ code, bits }) => [code, bits])).toEqual(FINDINGS[value] ?? []);
    if (gpa !== undefined && gen !== undefined && kind === 'mmio') {
      // oxlint-disable-next-line vitest/no-conditional-expect -- only MMIO entries have a gpa and a generation
      expect(read).toMatchObject({ gpa: BigInt(gpa), generation: BigInt(gen) });
    }
  });

  it('judges by the reserved bits of a log line where they are given', () => {
    const unknownMachine = context('5.19', svm());
    const rsvdBits = 0x800f0000001fe000n;
    const { findings } = explainSpte(unknownMachine, 0x800000018a600ee7n, 2, { rsvdBits });
    expect(findings.map(({ code, bits }) => [code, bits])).toEqual([['reserved-bits', [63]]]);
  });
});

describe('values that look like something else', () => {
  it('takes XWR=110b before 5.13 for a bad mapping, not for MMIO', () => {
    const { kind, findings } = explainSpte(context('5.10', vmx({ eptAd: false })), 0x1000005d48fc76n, 1);
    expect(kind).toBe('leaf');
    expect(findings.map(({ code }) => code)).toEqual(['bad-xwr']);
  });

  it('says that an MMIO entry with a generation in bit 11 counts as present', () => {
    const sme = svm({
      smeMeMask: 1n << 47n,
      cpuid80000000Eax: 0x80000020,
      cpuid8000001fEbx: 47,
      syscfg: 1n << 23n,
    });
    const { kind, findings } = explainSpte(
      context('6.8', sme, { physBits: 43, cpuid80000008Eax: 48 }),
      0xff800ffc12817n,
      1,
    );
    expect(kind).toBe('leaf');
    expect(findings.map(({ code }) => code)).toContain('mmio-and-present');
  });

  it("takes Xen's entry for another hypervisor's", () => {
    const { kind, guesses } = explainSpte(context('6.8', vmx()), 0x9c0000047eba3107n, 1);
    expect(kind).toBe('unknown');
    expect(guesses.map(({ code }) => code)).toContain('other-hypervisor');
  });

  it("takes a guest's own entry for one", () => {
    const { kind, guesses } = explainSpte(context('6.2', vmx()), 0x8000000002f3a161n, 1);
    expect(kind).toBe('unknown');
    expect(guesses.map(({ code }) => code)).toContain('guest-entry');
  });

  it("names the release of another kernel's frozen and empty entries", () => {
    const newer = explainSpte(context('6.8', vmx()), 0x80000000000005a0n, 1);
    expect(newer.guesses[0]).toMatchObject({
      code: 'other-kernel',
      params: { since: '6.10' },
    });
    const empty = explainSpte(context('6.8', vmx()), 1n << 63n, 1).guesses;
    expect(empty.filter(({ code }) => code === 'other-kernel').map(guessText)).toEqual([
      'what kernels since 6.10 write into empty entries',
    ]);
    const older = explainSpte(context('7.3', vmx()), 0x5a0n, 1);
    expect(older.guesses[0]).toMatchObject({
      code: 'other-kernel',
      params: { since: '5.13' },
    });
  });
});
