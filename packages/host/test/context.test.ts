// SPDX-License-Identifier: GPL-2.0-only
import { type Mmu, makeNonleafSpte, makeSpte, pageRole, plainHost } from '@spte/core';
import {
  type Claim,
  configWith,
  EntryPatterns,
  type FoundContext,
  findContext,
  type MachineFacts,
  machineReader,
  mmuConfigOf,
  modeOf,
  plainConfig,
  type ReadFacts,
} from '@spte/host';
import { makeMmioSpte } from '@spte/mmio';
import { machine } from '@spte/testing/machines';
import { realRuns, word } from '@spte/testing/real-runs';
import { oneIn } from '@spte/testing/sampled';
import { describe, expect, it } from 'vitest';

/** What lines say of the machine. */
function read(...lines: readonly string[]): ReadFacts {
  const reader = machineReader();
  for (const [i, line] of lines.entries()) reader.line(line, i + 1);
  return reader.facts();
}

function patternsOf(values: readonly (readonly [value: bigint, level: number | null])[]): EntryPatterns {
  const patterns = new EntryPatterns();
  for (const [value, level] of values) patterns.add({ value, level });
  return patterns;
}

/** The entries of a machine: leaves of all rights, tables, MMIO. */
function entriesOf(mmu: Mmu): EntryPatterns {
  const role = pageRole({ level: 1, adDisabled: !mmu.masks.kvmAdEnabled });
  const leaf = (pfn: bigint, access: number): bigint =>
    makeSpte(mmu, plainHost, { role, gfn: pfn, pfn, access }).spte;
  const values: (readonly [bigint, number])[] = [];
  for (let pfn = 1n; pfn < 40n; pfn++) {
    const far = pfn << 24n;
    values.push([leaf(far, 7), 1], [leaf(far, 5), 1], [makeNonleafSpte(mmu, far << 12n, false), 2]);
    if (mmu.masks.enableMmioCaching) values.push([makeMmioSpte(mmu, plainHost, pfn, 7), 1]);
  }
  return patternsOf(values);
}

const said = ({ facts }: FoundContext): Record<string, string> =>
  Object.fromEntries(
    Object.entries(facts).map(([name, { value, origin }]) => [name, `${String(value)} ${origin}`]),
  );

describe('what lines say of a machine', () => {
  it.each([
    ['Linux version 6.1.0-13-amd64 (debian-kernel@lists.debian.org)', '6.1.0-13-amd64'],
    ['CPU: 1 PID: 9 Comm: qemu Not tainted 5.14.0-162.6.1.el9_1.x86_64 #1', '5.14.0-162.6.1.el9_1.x86_64'],
    ['CPU: 3 UID: 0 PID: 4 Comm: x Tainted: G        W  OE      6.12.74 #2', '6.12.74'],
    ['CPU: 3 Comm: x Tainted: G W no release here', undefined],
    ['Linux version 99999999999.1', undefined],
  ])('%s: the kernel', (line, release) => {
    expect(read(line).kernel?.value).toBe(release);
  });

  it('the last kernel that is named is meant, and the first vendor', () => {
    const facts = read(
      'Linux version 5.10.1',
      'Modules linked in: a kvm_intel',
      'Linux version 6.1.2',
      '[kvm_amd]',
    );
    expect(facts.kernel).toEqual({ value: '6.1.2', from: 'line 3: "Linux version 6.1.2"' });
    expect(facts.vendor).toEqual({ value: 'vmx', from: 'line 2: "Modules linked in: kvm_intel"' });
  });

  it('others may have read more of them', () => {
    const reader = machineReader();
    reader.hint({ vendor: null, mode: null }, 'nothing');
    reader.hint({ vendor: 'svm', mode: null }, 'line 1');
    reader.hint({ vendor: 'vmx', mode: 'npt' }, 'line 2');
    expect(reader.facts()).toEqual({
      vendor: { value: 'svm', from: 'line 1' },
      mode: { value: 'npt', from: 'line 2' },
    });
  });

  it('a trace.dat names its kernel, or does not', () => {
    const reader = machineReader();
    reader.uname('Linux host without a release', 'uname');
    expect(reader.facts()).toEqual({});
    reader.uname('Linux host 6.1.0-56-amd64 x86_64', 'uname');
    expect(reader.facts()).toEqual({ kernel: { value: '6.1.0-56-amd64', from: 'uname' } });
  });

  it.each([
    ['kvm_exit: vcpu 0 reason npf rip 0x2000', { vendor: 'svm', mode: 'npt' }],
    ['kvm_exit: vcpu 0 reason PF excp rip 0x2000', { vendor: 'svm', mode: 'shadow' }],
    ['kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0x2000', { vendor: 'vmx', mode: 'ept' }],
    ['kvm_exit: vcpu 0 reason EXTERNAL_INTERRUPT rip 0', { vendor: 'vmx' }],
    ['kvm_exit: vcpu 0 reason interrupt rip 0', { vendor: 'svm' }],
    ['kvm_exit: vcpu 0 reason npf rip 0x1 info 1 2', { vendor: 'svm', mode: 'npt', until: '5.9' }],
    ['kvm_exit:             reason EXIT_NPF rip 0x1 info 200000006 10000', { vendor: 'svm', mode: 'npt' }],
    ['kvm_exit:  reason EXIT_EXCP_PF rip 0x1 info 0 0', { vendor: 'svm', mode: 'shadow' }],
    ['kvm_exit:  reason EXIT_IOIO rip 0x1 info 0 0', { vendor: 'svm' }],
    ['kvm_exit:  reason UNKNOWN (33) rip 0x1 info 0 0', {}],
    ['kvm_exit: reason io rip 0 info1 0x0 error_code 0x0 requests 0x0', { vendor: 'svm', since: '6.14' }],
    ['kvm_page_fault: address 1000 error_code 182', { until: '6.0' }],
    [
      'kvm_page_fault: vcpu 0 rip 0x0 address 0x1 error_code 0x181',
      { vendor: 'vmx', mode: 'ept', since: '6.1' },
    ],
    [
      'kvm_page_fault: vcpu 0 address 0x1 error_code 0x100000004',
      { vendor: 'svm', mode: 'npt', since: '6.1' },
    ],
    ['kvm_page_fault: vcpu 0 address 0x1 error_code 0x14', { since: '6.1' }],
    ['kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte q0 direct rwux nxe', { since: '7.2' }],
    ['kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte q0 wux nxe', { until: '7.1' }],
    ['npf_interception+0x1/0x2 [kvm_amd]', { vendor: 'svm', mode: 'npt' }],
    ['handle_ept_violation+0x1/0x2 [kvm_intel]', { vendor: 'vmx', mode: 'ept' }],
    ['spte = 0x1, level = 1, rsvd bits = 0xfff0000000000', { maxphyaddr: 40 }],
    ['spte = 0x1, level = 1, rsvd bits = 0xffff000000000', { maxphyaddr: 36 }],
    ['spte = 0x1, level = 1, rsvd bits = 0xfffffffffffff', { maxphyaddr: 32 }],
    ['spte = 0x1, level = 1, rsvd bits = 0x0', {}],
    ['spte = 0x1, level = 1, rsvd bits = 0xzz', {}],
    ['spte = 0x1, level = 1, rsvd bits = 0x1fe000', {}],
    ['nothing of this kind', {}],
  ])('%s', (line, expected) => {
    const facts = Object.entries(read(line)).map(([name, { value }]) => [name, value] as const);
    expect(Object.fromEntries(facts)).toEqual(expected);
  });

  it('of the forms of lines, the newest that is needed and the oldest that is lost count', () => {
    const forms = read(
      'kvm_page_fault: vcpu 0 address 0x1 error_code 0x2',
      'kvm_exit: reason x rip 0 error_code 0x0 requests 0x0',
      'kvm_tdp_mmu_spte_changed: as id 0',
      'kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte q0 wux nxe',
      'kvm_exit: vcpu 0 reason x rip 0 info 1',
      'kvm_mmu_get_page: sp gen 0 gfn 0 l4 8-byte q0 wux nxe',
    );
    expect([forms.since?.value, forms.until?.value]).toEqual(['6.14', '5.9']);
  });
});

describe('the context of entries', () => {
  it.each(oneIn(2, realRuns).map(({ run, config, sptes }) => [run, config, sptes] as const))(
    'of the real run %s: vendor, mode and layout',
    (_run, { kernel, vendor, ept, npt, eptAd }, sptes) => {
      const entries = patternsOf(sptes.map(([value, level]) => [word(value), level]));
      const { facts, mmu, possible } = findContext({ entries });
      const tdp = vendor === 'vmx' ? ept !== false : npt !== false;
      // The tables of shadow paging are the same for both.
      expect(facts['vendor']).toMatchObject(tdp ? { value: vendor, origin: 'ranked' } : {});
      expect(facts['mode']?.value).toBe(tdp ? (vendor === 'vmx' ? 'ept' : 'npt') : 'shadow');
      expect(facts['eptAd']?.value).toBe(tdp && vendor === 'vmx' ? eptAd : facts['eptAd']?.value);
      const layouts = [mmu, ...possible.map((one) => one.mmu)].map(({ layout }) => layout.since);
      const { layout } = findContext({ given: { kernel, vendor, tdp } }).mmu;
      expect(layouts).toContain(layout.since);
      expect(possible[0].score.unexplained).toBe(0);
    },
  );

  it.each([
    ['NPT with SME', { vendor: 'svm ranked', mode: 'npt ranked', smeCBit: '47 ranked' }],
    ['NPT', { vendor: 'svm ranked', mode: 'npt ranked' }],
    [
      'EPT with A/D',
      { vendor: 'vmx ranked', mode: 'ept ranked', eptAd: 'true ranked', l1tf: 'false ranked' },
    ],
    ['EPT with L1TF', { l1tf: 'true ranked', cacheBits: '44 ranked' }],
  ] as const)('that %s writes', (name, expected) => {
    expect(said(findContext({ entries: entriesOf(machine(name)) }))).toMatchObject(expected);
  });

  // Two states of a leaf without A/D bits, tracked and not, and an MMIO entry, as 3.10.0-1062.el7 keeps them.
  const ofRhel7 = [
    [0x4000001028125c75n, 1],
    [0x4000001028125c77n, 1],
    [0x4050001028125c70n, 1],
    [0x40000000fee000aen, 1],
  ] as const;

  it('may be an old kernel of RHEL, whose bits no upstream release has there', () => {
    const found = findContext({ entries: patternsOf(ofRhel7) });
    expect(said(found)).toMatchObject({ vendor: 'vmx ranked', mode: 'ept ranked', eptAd: 'false ranked' });
    expect(found.config.kernel).toBe('3.10.0-1062.el7.x86_64');
    expect(found.facts['kernel']?.from).toBe(
      'the entries fit 3.10.0-1062.el7.x86_64, 4.18.0-80.el8.x86_64, 4.18.0-147.el8.x86_64',
    );
    const { contradictions } = findContext({ entries: patternsOf(ofRhel7), given: { kernel: '6.8' } });
    expect(contradictions).toEqual([
      'kernel 6.8 is given, but 3 entries are not clean under it: under 3.10.0-1062.el7.x86_64, 0',
    ]);
  });

  it('is none of those where an upstream kernel does as well, or the lines are newer', () => {
    const kernelOf = (entries: EntryPatterns, ...lines: string[]): string =>
      findContext({ entries, read: read(...lines) }).config.kernel;
    // One odd entry is no old kernel's, and half of the entries are not enough.
    expect(kernelOf(patternsOf(ofRhel7.slice(0, 1)))).not.toContain('.el');
    const upstream = [0n, 1n, 2n, 3n].map((n) => [0x600000455299b77n + (n << 32n), 1] as const);
    expect(kernelOf(patternsOf([...ofRhel7, ...upstream]))).not.toContain('.el');
    expect(kernelOf(patternsOf(ofRhel7), 'kvm_exit: reason x info1 0x0')).not.toContain('.el');
  });

  it('that nothing says is assumed, and the reference', () => {
    expect(said(findContext({}))).toEqual({
      kernel: '6.8 assumed',
      vendor: 'vmx assumed',
      mode: 'ept assumed',
      eptAd: 'true assumed',
      maxPhyAddr: '46 assumed',
      l1tf: 'false assumed',
    });
    expect(findContext({ entries: new EntryPatterns() }).entries).toBe(0);
  });

  it('is what is given, then what is read, then what is ranked', () => {
    const facts = read(
      'Not tainted 5.14.0-162.6.1.el9_1.x86_64',
      'kvm_exit: reason npf rip',
      'rsvd bits = 0xfff0000000000',
    );
    const found = findContext({ given: { kernel: '6.1', smeCBit: 47 }, read: facts });
    expect(said(found)).toMatchObject({
      kernel: '6.1 given',
      vendor: 'svm read',
      mode: 'npt read',
      maxPhyAddr: '40 read',
      smeCBit: '47 given',
    });
    expect(found.facts['vendor']?.from).toBe('line 2: "kvm_exit: reason npf"');
    expect(said(findContext({ read: facts }))).toMatchObject({
      base: '5.18 read',
      kernel: expect.any(String) as string,
    });
    // A mode is of its vendor: what is given of another counts.
    expect(said(findContext({ given: { vendor: 'vmx' }, read: facts }))).toMatchObject({
      mode: 'ept assumed',
    });
  });

  it.each([
    [36, 48],
    [47, 48],
    [51, 52],
  ])('has addresses that are wide enough for a C-bit that is given: %d', (smeCBit, width) => {
    const entries = patternsOf([[0x797fe67n, 1]]);
    const { config } = findContext({ given: { vendor: 'svm', smeCBit }, entries });
    expect(config.host.cpuid80000008Eax).toBe(width);
  });

  it('is of AMD when a C-bit is given', () => {
    for (const entries of [new EntryPatterns(), patternsOf([[0x80a0000000200f77n, 1]])]) {
      const { config, possible } = findContext({ given: { smeCBit: 47 }, entries });
      expect(config.host.physBits).toBe(43);
      expect(new Set(possible.map(({ mmu }) => mmu.vendor.name))).toEqual(new Set(['svm']));
    }
  });

  it('takes what it is told to assume, unless something says otherwise', () => {
    const entries = patternsOf([[0x800000018a600ee7n, 2]]);
    const given = { kernel: '5.18', vendor: 'svm' } as const;
    const found = findContext({ given, entries, assumed: { tdp: true } });
    expect(said(found)).toMatchObject({ mode: 'npt assumed' });
    expect(found.possible.every(({ name }) => name.startsWith('NPT'))).toBe(true);
    expect(
      said(findContext({ given: { ...given, tdp: false }, entries, assumed: { tdp: true } })),
    ).toMatchObject({
      mode: 'shadow given',
    });
  });

  it('is of the releases that print such lines', () => {
    const entries = patternsOf([[0n, 1]]);
    const kernelOf = (...lines: string[]): unknown =>
      findContext({ entries, read: read(...lines) }).facts['kernel']?.value;
    expect(kernelOf('kvm_page_fault: address 1000 error_code 6')).toBe('5.15.215');
    expect(kernelOf('kvm_exit: reason x rip 0 error_code 0x0 requests 0x0')).toBe('6.18.35');
    // Lines that no release prints together tell nothing.
    expect(
      kernelOf(
        'kvm_exit: vcpu 0 reason x rip info 1',
        'kvm_exit: reason x rip 0 error_code 0x0 requests 0x0',
      ),
    ).toBe('6.8');
  });

  it('names what a distribution took over', () => {
    const { facts } = findContext({ given: { kernel: '5.14.0-427.el9.x86_64' } });
    expect(facts['base']).toEqual({ value: '6.6', origin: 'read', from: 'kernel 5.14.0-427.el9.x86_64' });
    const mixed = findContext({ given: { kernel: '5.14.0-570.el9.x86_64' } });
    expect(mixed.facts['overrides']?.value).toMatch(/: \d+\.\d+/);
  });

  it('may be wider than usual where one entry says so', () => {
    const entries = patternsOf([[0x600800455299b77n, 1]]);
    const { facts, possible } = findContext({ entries, given: { kernel: '6.8', vendor: 'vmx' } });
    expect(facts['maxPhyAddr']).toMatchObject({ value: 46, origin: 'assumed' });
    expect(possible.map(({ mmu }) => mmu.masks.shadowPhysBits)).toContain(52);
    const given = findContext({ entries, given: { kernel: '6.8', vendor: 'vmx', maxphyaddr: 46 } });
    expect(given.possible.every(({ mmu }) => mmu.masks.shadowPhysBits === 46)).toBe(true);
  });

  /** Mappings of a machine with 46 bits of addresses, all within 4 GiB. */
  function mappings(count: number): EntryPatterns {
    const patterns = new EntryPatterns();
    for (let i = 0; i < count; i++)
      patterns.add({ value: 0x600000455299b77n + (BigInt(i) << 12n), level: 1 });
    return patterns;
  }

  it('may be as wide as one entry asks for, which may also be corrupt', () => {
    const widthsWith = (value: bigint): number[] => {
      const entries = mappings(20);
      entries.add({ value, level: 1 });
      const { possible } = findContext({ entries, given: { kernel: '6.8', vendor: 'vmx', l1tf: false } });
      return possible.map(({ mmu }) => mmu.masks.shadowPhysBits);
    };
    expect(Math.max(...widthsWith(0x600000455299b77n | (1n << 48n)))).toBe(52);
    expect(Math.max(...widthsWith(0x600000455299b77n | (3n << 47n)))).toBe(52);
    expect(Math.min(...widthsWith(0x600000455299b77n | (1n << 44n)))).toBe(36);
    expect(Math.min(...widthsWith(0x600000455299b77n | (7n << 42n)))).toBe(45);
  });

  it('is one in which what the input says of entries is so', () => {
    const entries = patternsOf([[0x797fe67n, 1]]);
    const eras = (): string[] => findContext({ entries }).possible.map(({ mmu }) => mmu.layout.since);
    const [likeliest, ...others] = eras();
    expect(others.some((era) => era !== likeliest)).toBe(true);
    const claim: Claim = {
      key: 'a change',
      about: [{ value: 0x797fe67n, level: 1 }],
      holds: ({ layout }) => layout.since !== likeliest,
    };
    entries.addClaim(claim);
    entries.addClaim(claim);
    expect(entries.claims().map(({ count }) => count)).toEqual([2]);
    expect(eras()).not.toContain(likeliest);
  });

  it('is told by claims alone where there is no entry that makes sense', () => {
    const entries = new EntryPatterns();
    entries.addClaim({ key: 'a mask', about: [], holds: ({ vendor }) => vendor.name === 'svm' });
    expect(findContext({ entries }).facts['vendor']).toMatchObject({ value: 'svm', origin: 'ranked' });
    for (let i = 0; i < 300; i++) entries.addClaim({ key: String(i), about: [], holds: () => true });
    expect(entries.claims()).toHaveLength(256);
  });

  it('is not asked what is said of entries that make no sense', () => {
    const entries = patternsOf([[0x5a5a_5a5a_5a5a_5a5an, 1]]);
    entries.addClaim({
      key: 'a change',
      about: [{ value: 0x5a5a_5a5a_5a5a_5a5an, level: 1 }],
      holds: () => false,
    });
    expect(findContext({ entries }).possible.every(({ score }) => score.contradicted === 0)).toBe(true);
  });

  it('has memory encryption only where an entry has it', () => {
    const mmio = patternsOf([[0x80000d0000057n, 1]]);
    const { possible } = findContext({ entries: mmio, given: { vendor: 'svm' } });
    expect(possible.every(({ mmu }) => mmu.masks.meMask === 0n)).toBe(true);
  });

  it('keeps few of the many that are possible', () => {
    expect(findContext({ entries: patternsOf([[0n, null]]) }).possible.length).toBeLessThanOrEqual(16);
  });

  it('says where what is given and what is read differ', () => {
    const lines = read('Linux version 6.12.74', 'kvm_exit: reason EPT_VIOLATION rip');
    const given: MachineFacts = { kernel: '6.1', vendor: 'svm', tdp: false };
    expect(findContext({ given, read: lines }).contradictions).toEqual([
      'vendor svm is given, but the input is of vmx: line 2: "kvm_exit: reason EPT_"',
      'shadow paging is given, but the input shows ept: line 2: "kvm_exit: reason EPT_"',
      'kernel 6.1 is given, but the input names 6.12.74: line 1: "Linux version 6.12.74"',
    ]);
    const shadow = read('kvm_exit: vcpu 0 reason PF excp rip');
    expect(findContext({ given: { vendor: 'svm', tdp: true }, read: shadow }).contradictions[0]).toContain(
      'EPT or NPT is given, but the input shows shadow',
    );
    expect(findContext({ given: { kernel: '6.12.74' }, read: lines }).contradictions).toEqual([]);
    // A base alone is not all that a kernel of RHEL is.
    const rhel = (release: string, kernel: string): readonly string[] =>
      findContext({ given: { kernel }, read: read(`Linux version ${release}`) }).contradictions;
    expect(rhel('3.10.0-1062.el7.x86_64', '5.4.0')).toHaveLength(1);
    expect(rhel('5.14.0-570.el9.x86_64', '6.11.11')).toHaveLength(1);
    expect(rhel('5.14.0-570.el9.x86_64', '5.14.0-570.12.1.el9_6.x86_64')).toEqual([]);
    expect(rhel('5.14.0-503.el9.x86_64', '6.10')).toEqual([]);
  });

  it('says where another kernel would explain the entries', () => {
    const { sptes } = realRuns.find(({ run }) => run === 'vmx612-ept-ad') as (typeof realRuns)[number];
    const entries = patternsOf(sptes.map(([value, level]) => [word(value), level]));
    const [said] = findContext({ entries, given: { kernel: '6.1' } }).contradictions;
    expect(said).toMatch(
      /^kernel 6\.1 is given, but \d+ entries are not clean under it: under 6\.10-7\.1\.5, 0$/,
    );
    expect(findContext({ entries, given: { kernel: '6.12' } }).contradictions).toEqual([]);
    // Words without sense are so under every kernel.
    const garbage = patternsOf([
      [0x5a5a_5a5a_5a5a_5a5an, 1],
      [0xa5a5_a5a5_a5a5_a5a5n, 1],
    ]);
    expect(findContext({ entries: garbage, given: { kernel: '6.1' } }).contradictions).toEqual([]);
  });

  it('cannot be one that there is not', () => {
    expect(() => findContext({ given: { vendor: 'svm', l1tf: true, cacheBits: 20 } })).toThrow(RangeError);
  });
});

describe('patterns of entries', () => {
  it('are one for entries that differ in where their page is, and counted', () => {
    const patterns = patternsOf([
      [0x600000455299b77n, 1],
      [0x600000455300b77n, 1],
      [0x600000455299b77n, 2],
    ]);
    patterns.add({ value: 0x600000455299b77n });
    expect(patterns.list().map(({ level, count }) => [level, count])).toEqual([
      [1, 2],
      [2, 1],
      [null, 1],
    ]);
  });

  it('are 512 at most', () => {
    const patterns = new EntryPatterns();
    for (let bits = 0n; bits < 600n; bits++) patterns.add({ value: (bits << 53n) | bits, level: 1 });
    expect(patterns.list()).toHaveLength(512);
  });
});

describe('a machine with facts put over it', () => {
  it('has the mode of its vendor, or of its root', () => {
    const modeWith = (facts: MachineFacts): string => modeOf(configWith(plainConfig('vmx'), facts));
    expect(modeWith({})).toBe('ept');
    expect(modeWith({ tdp: false })).toBe('shadow');
    expect(modeWith({ mmu: 'ept12' })).toBe('ept12');
    expect(modeWith({ mmu: 'shadow' })).toBe('shadow');
    expect(modeWith({ vendor: 'svm' })).toBe('npt');
    expect(modeWith({ vendor: 'svm', tdp: false })).toBe('shadow');
  });

  it('takes every fact, and moves what follows from a width', () => {
    const { host, params, root, vendor, kernel, mmioCaching } = configWith(plainConfig('vmx'), {
      kernel: '6.1',
      maxphyaddr: 39,
      l1tf: true,
      cacheBits: 44,
      gbpages: false,
      nxHugePages: true,
      mmioCaching: false,
      rootLevel: 5,
      mmu: 'ept12',
      eferNx: false,
      ad: false,
      execOnly: false,
      pml: false,
      tdp: true,
    });
    expect(host).toMatchObject({
      physBits: 39,
      cacheBits: 44,
      cpuid80000008Eax: 39,
      l1tf: true,
      gbpages: false,
    });
    expect([kernel, mmioCaching, params.nxHugePages]).toEqual(['6.1', false, true]);
    expect(root).toMatchObject({ level: 5, kind: 'ept12', ept12ExecOnly: false, eferNx: false });
    expect(vendor.options).toMatchObject({
      eptAd: false,
      eptExecOnly: false,
      pml: false,
      eptMaxPageLevel: 2,
    });
    expect(configWith(plainConfig('vmx'), { gbpages: true }).vendor.options).toMatchObject({
      eptMaxPageLevel: 3,
    });
    const nested = configWith(plainConfig('svm'), { mmu: 'ept12', physBits: 43, smeCBit: 47 });
    expect(nested.root).toMatchObject({ ept12ExecOnly: false });
    expect(nested.host).toMatchObject({ physBits: 43, cacheBits: 43, cpuid80000008Eax: 48 });
    expect(mmuConfigOf(configWith(plainConfig('svm'), { smeCBit: 51, maxphyaddr: 52 })).host.physBits).toBe(
      47,
    );
    const bare = { ...plainConfig('vmx'), host: { physBits: 40 } };
    expect(configWith(bare, {}).host).toMatchObject({ physBits: 40, cacheBits: 40 });
  });
});
