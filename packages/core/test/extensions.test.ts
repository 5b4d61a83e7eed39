// SPDX-License-Identifier: GPL-2.0-only
import {
  ADDRESS,
  addressDependence,
  bit,
  bits,
  createMmu,
  decodeSpte,
  definePolicy,
  evidenceText,
  explainChange,
  explainSpte,
  extendVendor,
  field,
  findingNext,
  findingText,
  frameDependence,
  hex,
  judgeSpte,
  KvmBug,
  kindName,
  legacyFormat,
  type MmuConfig,
  makeNonleafSpte,
  makeSpte,
  type Overlay,
  observe,
  PluginError,
  type Policy,
  type PolicyReading,
  pageRole,
  plainHost,
  renderExplanation,
  spteKind,
  summarizeSpte,
  type Vendor,
  verdict,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { l1tf, mmio, vmx } from '@spte/testing/shipped';
import { legacyVendor } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const host = { physBits: 46 };
const request = { role: pageRole(), gfn: 0x1000n, pfn: 0x455299n };
const LEAF = 0x600000455299b77n;
const TABLE = 0x2c583e907n;

const shared = field('shared', 59, 59, 'kvm', 'another node has the page too', { why: 'the node says so' });

/** A machine with an overlay over EPT. */
const overlaid = (overlay: Omit<Overlay, 'name'>, change: Partial<MmuConfig> = {}) =>
  createMmu({
    kernel: '6.8',
    host,
    vendor: extendVendor(vmx(), { name: 'dsm', ...overlay }),
    policies: [l1tf, mmio()],
    ...change,
  });

const withPolicy = (policy: Omit<Policy, 'apiVersion' | 'name'>, change: Partial<MmuConfig> = {}) =>
  createMmu({
    kernel: '6.8',
    host,
    vendor: vmx(),
    policies: [{ name: 'guard', apiVersion: 2, ...policy }, mmio()],
    ...change,
  });

const codes = (mmu: ReturnType<typeof createMmu>, spte: bigint, level: number | null = 1): string[] =>
  judgeSpte(mmu, spte, level).map(({ code }) => code);

/** No entry of KVM's, and none with the MMU-present bit. */
const ODD = bit(46) | 0x100n;

const fails = (): never => {
  throw new Error('out of order');
};

describe('bits of a plugin', () => {
  it('mean something in the entries and the kernels that it names', () => {
    const mmu = overlaid({
      software: [
        { field: shared, in: ['leaf'], set: 'sometimes', kernels: { since: '5.13', before: '7.2' } },
      ],
    });
    expect(codes(mmu, LEAF | shared.mask)).toEqual([]);
    expect(codes(mmu, TABLE | shared.mask, 2)).toEqual(['bits-without-meaning']);
    const decoded = decodeSpte(mmu, LEAF | shared.mask, 1).fields.find(({ name }) => name === 'shared');
    expect(decoded).toMatchObject({ value: 1n, text: 'yes', because: { rule: 'plugin dsm' } });
    const later = overlaid({ software: mmu.vendor.overlays?.[0]?.software }, { kernel: '7.3' });
    expect(later.extensions[0]?.software).toEqual([]);
    expect(makeSpte(mmu, plainHost, request).spte).toBe(LEAF);
  });

  it('are set where they always are, with a reason, and missed where they are not', () => {
    const mmu = overlaid({ software: [{ field: shared, in: ['leaf', 'table'], set: 'always' }] });
    const { value, reasons } = observe(mmu, (mmu) => makeSpte(mmu, plainHost, request));
    expect(value.spte).toBe(LEAF | shared.mask);
    expect(reasons).toContainEqual({
      bits: shared.mask,
      rule: 'make_spte',
      why: 'dsm: the node says so',
    });
    expect(makeNonleafSpte(mmu, 0x2c583e000n, false)).toBe(TABLE | shared.mask);
    expect(codes(mmu, LEAF | shared.mask)).toEqual([]);
    expect(codes(mmu, TABLE | shared.mask, 2)).toEqual([]);
    const [finding] = judgeSpte(mmu, LEAF, 1);
    expect(finding).toMatchObject({ code: 'software-bits-missing', severity: 'warning', bits: [59] });
    expect(findingText(finding as NonNullable<typeof finding>)).toBe(
      'dsm keeps 0x800000000000000 in every such entry; bit 0x800000000000000 is clear',
    );
    expect(findingNext(finding as NonNullable<typeof finding>)).toContain(
      "a kernel without the plugin's change",
    );
    expect(codes(mmu, TABLE, 2)).toEqual(['software-bits-missing']);
    const plain = field('plain', 59, 59, 'kvm', 'is there');
    const other = overlaid({ software: [{ field: plain, in: ['leaf'], set: 'always' }] });
    expect(
      observe(other, (mmu) => makeSpte(mmu, plainHost, request)).reasons.map(({ why }) => why),
    ).toContain('dsm: is there');
  });

  it('may stand in what is empty, and in MMIO entries', () => {
    const owner = field('owner', 50, 47, 'kvm', 'whose page it was');
    const mmu = overlaid({ software: [{ field: owner, in: ['nonpresent'], set: 'sometimes' }] });
    const spte = 5n << 47n;
    expect(spteKind(mmu, spte, 1)).toBe('empty');
    expect(decodeSpte(mmu, spte, 1).fields[0]).toMatchObject({ name: 'empty' });
    expect(decodeSpte(mmu, spte, 1).fields).toContainEqual(
      expect.objectContaining({ name: 'owner', value: 5n }),
    );
    expect(decodeSpte(mmu, spte, 1).evidence.find(({ code }) => code === 'empty')?.holds).toBe(true);
    expect(spteKind(machine('EPT with A/D'), spte, 1)).toBe('unknown');
    expect(explainChange(mmu, LEAF, spte, 1).allowed).toBe(true);
    expect(decodeSpte(mmu, 6n | spte, 1).kind).toBe('mmio');
    expect(addressDependence(mmu, 1).always).toContainEqual({ test: 'any', mask: ADDRESS & ~owner.mask });
  });

  it('may change where the entry stands, which is no objection', () => {
    const mmu = overlaid({ software: [{ field: shared, in: ['leaf'], set: 'sometimes' }] });
    const change = explainChange(mmu, LEAF, LEAF | shared.mask, 1);
    expect(change.allowed).toBe(true);
    expect(change.events).toEqual([
      expect.objectContaining({ code: 'software-bits', params: { plugins: ['dsm'], bits: [59] } }),
    ]);
    expect(verdict(change)).toBe('allowed: dsm changed bit 59 of its own');
    const both = explainChange(mmu, LEAF, LEAF | bit(59) | bit(60), 1);
    expect(both.objections.map(({ code }) => code)).toEqual(['new-is-wrong', 'bits-changed']);
  });

  it('of a new leaf may follow from what it maps', () => {
    const leafBits: Overlay['leafBits'] = (_mmu, _host, { gfn }, set) =>
      gfn === 0x1000n ? set(shared.mask, 'this page is shared') : 0n;
    const software = [{ field: shared, in: ['leaf'], set: 'sometimes' }] as const;
    const mmu = overlaid({ software, leafBits });
    const { value, reasons } = observe(mmu, (mmu) => makeSpte(mmu, plainHost, request));
    expect(hex(value.spte)).toBe(hex(LEAF | shared.mask));
    expect(reasons.map(({ why }) => why)).toContain('this page is shared');
    expect(makeSpte(mmu, plainHost, { ...request, gfn: 1n }).spte).toBe(LEAF);
    expect(frameDependence(mmu)).toBe('plugin dsm does not declare what its hook leafBits looks at');
    const declared = (frame: boolean) =>
      frameDependence(withPolicy({ leafBits, dependsOn: { leafBits: { of: leafBits, frame } } }));
    expect(declared(true)).toBe('plugin guard: its hook leafBits looks at the frame');
    expect(declared(false)).toBeNull();
  });

  it('change what is reserved, and what a VM is created with', () => {
    const mmu = overlaid({
      reserved: (_setup, _registry, _root, check) => ({
        ...check,
        bit7Clear: check.bit7Clear.map((mask) => mask & ~bit(47)),
      }),
      initVm: (_setup, registry, { options }) => ({
        ...registry,
        masks: { ...registry.masks, vmMmioValue: options?.['dsm/private'] === true ? 0n : 6n },
      }),
    });
    expect(codes(mmu, LEAF | bit(47))).toEqual([]);
    expect(codes(mmu, LEAF | bit(48))).toEqual(['reserved-bits']);
    expect(mmu.masks.vmMmioValue).toBe(6n);
    const { extensions: _extensions, ...config } = { ...mmu, host };
    const own = { kernel: '6.8', host, vendor: config.vendor, policies: [mmio()] };
    expect(createMmu({ ...own, vm: { options: { 'dsm/private': true } } }).masks.vmMmioValue).toBe(0n);
    expect(createMmu({ ...own, vm: { mmioValue: 5n } }).masks.vmMmioValue).toBe(5n);
  });
});

describe('findings of a plugin', () => {
  const findings = {
    'shared-writable': {
      severity: 'error',
      text: 'the page is shared, but the CPU may write',
      next: 'which node wrote it?',
      where: { mask: shared.mask | 2n, value: shared.mask | 2n },
    },
    far: {
      severity: 'warning',
      text: 'the table is far away',
      where: { mask: bit(45), value: bit(45), kinds: ['table'], levels: [3] },
    },
    mirrored: {
      severity: 'warning',
      text: 'a mirror has this bit',
      where: { mask: bit(44), value: bit(44), isMirror: true },
    },
  } as const;
  const software = [{ field: shared, in: ['leaf'], set: 'sometimes' }] as const;

  it('leave fast paths what they must know', () => {
    const unknown = (policy: Omit<Policy, 'apiVersion' | 'name'>) =>
      addressDependence(withPolicy(policy), 1).unknown;
    expect(unknown({ guess: () => [] })).toBe('plugin guard does not declare what its hook guess looks at');
    expect(unknown({ judge: () => [] })).toBe('plugin guard does not declare what its hook judge looks at');
    expect(
      unknown({ findings, kinds: { own: { mask: 0xfffn, value: 0x500n, label: 'x', countsAs: 'empty' } } }),
    ).toBeNull();
  });

  it('may be questions of bits, kinds, levels and mirrors', () => {
    const mmu = overlaid({ software, findings });
    const [finding, ...others] = judgeSpte(mmu, LEAF | shared.mask, 1);
    expect(others).toEqual([]);
    expect(finding).toEqual({
      code: 'dsm/shared-writable',
      severity: 'error',
      bits: [1, 59],
      params: {},
      text: 'the page is shared, but the CPU may write',
      next: 'which node wrote it?',
      because: { rule: 'plugin dsm', bits: shared.mask | 2n, era: '5.13' },
    });
    expect(codes(mmu, TABLE | bit(45), 3)).toEqual(['dsm/far']);
    expect(codes(mmu, TABLE | bit(45), 2)).toEqual([]);
    expect(codes(mmu, TABLE | bit(45), null)).toEqual([]);
    expect(codes(mmu, LEAF | bit(45))).toEqual([]);
    expect(codes(mmu, LEAF | bit(44))).toEqual([]);
    const mirror = overlaid({ software, findings }, { root: { isMirror: true } });
    expect(codes(mirror, LEAF | bit(44))).toEqual(['dsm/mirrored']);
    expect(explainSpte(mirror, LEAF, 1).context.mmu).toBe('tdp mirror');
    expect(summarizeSpte(mmu, LEAF | shared.mask, 1).findings).toHaveLength(1);
  });

  it('are said in its words, and in what to do next', () => {
    const text = renderExplanation(explainSpte(overlaid({ software, findings }), LEAF | shared.mask, 1));
    expect(text.split('\n')[0]).toBe(
      '0x0e00000455299b77  bad leaf: the page is shared, but the CPU may write',
    );
    expect(text).toContain(
      'error: the page is shared, but the CPU may write [dsm/shared-writable, bits 59, 1]',
    );
    expect(text).toContain('    next: which node wrote it?');
  });

  it('may come of a hook, which is told of kind and role', () => {
    const seen: unknown[] = [];
    const mmu = withPolicy({
      findings: {
        odd: {
          severity: 'warning',
          text: ({ frame }) => `frame ${String(frame)} is odd`,
          next: () => 'why?',
        },
      },
      judge(_mmu, entry, role) {
        seen.push([entry.kind, role]);
        return [{ code: 'guard/odd', bits: bit(12), params: { frame: 0x455299 } }];
      },
    });
    const [finding] = judgeSpte(mmu, LEAF, 1);
    expect(finding).toMatchObject({ text: 'frame 4543129 is odd', next: 'why?', bits: [12] });
    expect(seen).toEqual([['leaf', { level: 1, kind: 'tdp', isMirror: false }]]);
    expect(codes(mmu, 0n, null)).toEqual(['guard/odd']);
    expect(seen.at(-1)).toEqual(['empty', { level: null, kind: 'tdp', isMirror: false }]);
    expect(codes(mmu, 0x100n)).toEqual(['not-an-spte', 'guard/odd']);
  });

  it.each<[string, Omit<Policy, 'name' | 'apiVersion'>, string]>([
    ['judge', { judge: fails }, 'out of order'],
    ['judge', { judge: () => [{ code: 'guard/none', bits: 1n }] }, 'findings has no guard/none'],
    [
      'findings',
      { findings: { all: { severity: 'error', text: fails, where: { mask: 1n, value: 1n } } } },
      'out of order',
    ],
  ])('a failing %s is a finding itself', (hook, policy, message) => {
    const mmu = withPolicy(policy);
    expect(judgeSpte(mmu, LEAF, 1)).toEqual([
      expect.objectContaining({
        code: 'plugin-failed',
        severity: 'warning',
        params: { plugin: 'guard', hook, message },
      }),
    ]);
    expect(verdict(explainSpte(mmu, LEAF, 1))).toBe(
      `suspicious leaf: plugin guard says nothing of this entry, its hook ${hook} failed: ${message}`,
    );
  });

  it('count for what an entry might be at another level', () => {
    const mmu = overlaid({
      findings: { any: { severity: 'error', text: 'x', where: { mask: bit(7), value: 0n } } },
    });
    const small = LEAF;
    expect(codes(mmu, small)).toEqual(['dsm/any']);
    expect(explainSpte(mmu, small, 2).guesses).toEqual([]);
  });
});

describe('kinds of a plugin', () => {
  const frame = field('frame', 45, 12, 'kvm', 'the frame that was there');
  const poison = {
    mask: bits(63, 52) | bits(11, 0),
    value: 0x500n,
    label: 'poisoned entry',
    countsAs: 'empty',
    fields: [frame],
  } as const;
  const mmu = withPolicy({ kinds: { poison } });
  const spte = 0x455299500n;

  it('are told by mask and value, with fields, evidence and a label', () => {
    expect(spteKind(mmu, spte, 1)).toBe('guard/poison');
    const decoded = decodeSpte(mmu, spte, 1);
    expect(decoded).toMatchObject({ own: { plugin: 'guard', label: 'poisoned entry', countsAs: 'empty' } });
    expect(decoded.fields.map(({ name, value }) => [name, value])).toEqual([
      ['guard/poison', 0x500n],
      ['ignored', 0n],
      ['frame', 0x455299n],
    ]);
    expect(decoded.evidence.map(evidenceText).at(-1)).toBe(
      'under 0xfff0000000000fff it is 0x500; a poisoned entry is 0x500',
    );
    expect(decoded.evidence.at(-1)).toMatchObject({
      code: 'plugin-value',
      holds: true,
      kinds: ['guard/poison'],
    });
    expect(decoded.fields.reduce((sum, { mask }) => sum | mask, 0n)).toBe((1n << 64n) - 1n);
    expect(codes(mmu, spte)).toEqual([]);
    expect(codes(mmu, spte | bit(47))).toEqual(['bits-without-meaning']);
    expect(decodeSpte(mmu, spte, 1)).toEqual(decoded);
    expect(kindName('guard/poison')).toBe('guard/poison');
    expect(kindName('leaf')).toBe('leaf');
  });

  it('are said by their label', () => {
    const text = renderExplanation(explainSpte(mmu, spte, 1));
    expect(text.split('\n').slice(0, 2)).toEqual([
      '0x0000000455299500  clean poisoned entry: guard keeps it, KVM counts it as empty entry',
      '  guard/poison, level 1  (vmx tdp, kernel 6.8, layout since 5.13)',
    ]);
    expect(renderExplanation(explainSpte(mmu, spte | bit(47), 1))).toContain('suspicious poisoned entry: ');
  });

  it('change as what they count as', () => {
    expect(explainChange(mmu, LEAF, spte, 1)).toMatchObject({ allowed: true, flush: true });
    expect(explainChange(mmu, spte, LEAF, 1)).toMatchObject({ allowed: true });
    expect(explainChange(mmu, spte, 0n, 1).objections.map(({ code }) => code)).toEqual([
      'nonpresent-replaced',
    ]);
  });

  it('are not asked of what is present or frozen, but of what no CPU walks', () => {
    const all = withPolicy({ kinds: { all: { mask: 0n, value: 0n, label: 'anything', countsAs: 'mmio' } } });
    expect([LEAF, TABLE, 0x5a0n, 0x100n, 0n].map((value) => spteKind(all, value, 2))).toEqual([
      'table',
      'table',
      'frozen',
      'guard/all',
      'guard/all',
    ]);
    expect(decodeSpte(all, 0x100n, 1).fields).toHaveLength(1);
    // With 0x500 it would be a device's leaf that allows nothing.
    const other = { ...poison, value: 0x600n };
    const old = withPolicy({ kinds: { other } }, { kernel: '5.4' });
    expect(spteKind(old, spte ^ 0x300n, 1)).toBe('guard/other');
    expect(spteKind(machine('EPT with A/D', { kernel: '5.4' }), spte ^ 0x300n, 1)).toBe('unknown');
  });

  it('hold in some kernels and for some roots', () => {
    const kinds = { poison: { ...poison, kernels: { since: '6.16' }, isMirror: true } };
    const kindIn = (kernel: string, isMirror: boolean): string =>
      spteKind(withPolicy({ kinds }, { kernel, root: { isMirror } }), spte, 1);
    expect([kindIn('6.16', true), kindIn('6.16', false), kindIn('6.8', true)]).toEqual([
      'guard/poison',
      'unknown',
      'unknown',
    ]);
  });
});

describe('the order of plugins', () => {
  const reading: PolicyReading = {
    kind: 'mmio',
    gfn: 1n,
    gpa: 0x1000n,
    access: 0n,
    generation: 0n,
    fields: [],
  };
  const kind = { mask: 0xfffn, value: 0x506n, label: 'own', countsAs: 'mmio' } as const;
  const reader = (name: string): Policy => ({
    name,
    apiVersion: 2,
    read: (_mmu, spte) => ((spte & 0xfffn) === 0x506n ? reading : null),
  });

  it('is the vendor, its overlays, the policies; the answer says who else would have read an entry', () => {
    const mmu = createMmu({
      kernel: '6.8',
      host,
      vendor: extendVendor(vmx(), { name: 'dsm', kinds: { own: kind } }),
      policies: [reader('a'), { ...reader('b'), kinds: { late: kind } }, { ...reader('c'), apiVersion: 1 }],
    });
    const decoded = decodeSpte(mmu, 0x506n, 1);
    expect([decoded.kind, decoded.alsoReadBy]).toEqual(['dsm/own', ['a', 'b', 'b', 'c']]);
    expect(renderExplanation(explainSpte(mmu, 0x506n, 1))).toContain(
      'would be read by a, b, b, c too, which comes later in the order of plugins',
    );
    const plain = createMmu({ kernel: '6.8', host, vendor: vmx(), policies: [reader('a'), reader('b')] });
    expect(decodeSpte(plain, 0x506n, 1)).toMatchObject({ kind: 'mmio', alsoReadBy: ['b'] });
    const alone = createMmu({ kernel: '6.8', host, vendor: vmx(), policies: [reader('a'), mmio()] });
    expect(decodeSpte(alone, 0x6n, 1).alsoReadBy).toEqual([]);
  });

  it('asks a plugin of contract 1 for nothing of contract 2', () => {
    const mmu = createMmu({
      kernel: '6.8',
      host,
      vendor: { ...vmx(), apiVersion: 1, kinds: { own: kind } },
      policies: [{ ...reader('old'), apiVersion: 1, judge: fails, read: () => null }],
    });
    expect(mmu.extensions).toEqual([]);
    expect(codes(mmu, LEAF)).toEqual([]);
    expect(spteKind(mmu, 0x500n, 1)).toBe('unknown');
  });
});

describe('changes and guesses', () => {
  it('a plugin may object to a change', () => {
    const mmu = withPolicy({
      objections: { stays: ({ pfn }) => `page ${String(pfn)} stays` },
      judgeChange: (_mmu, from, to, role) =>
        from.kind === 'leaf' && to.kind === 'empty' && role.level === 1
          ? [{ code: 'guard/stays', params: { pfn: 7 } }]
          : [],
    });
    const change = explainChange(mmu, LEAF, 0n, 1);
    expect(change.allowed).toBe(false);
    expect(verdict(change)).toBe('NOT ALLOWED: page 7 stays; what happened: the entry was zapped');
    expect(explainChange(mmu, 0n, LEAF, 1).allowed).toBe(true);
  });

  it.each([
    [fails, 'out of order'],
    [() => [{ code: 'guard/none' } as const], 'objections has no guard/none'],
    [() => [{ code: 'other/stays' } as const], 'objections has no other/stays'],
  ])('one that fails does not say whether it objects', (judgeChange, message) => {
    const mmu = withPolicy({ judgeChange, objections: { stays: 'stays' } });
    const { objections } = explainChange(mmu, LEAF, 0n, 1);
    expect(objections).toEqual([
      { code: 'plugin-failed', params: { plugin: 'guard', hook: 'judgeChange', message } },
    ]);
    expect(verdict(explainChange(mmu, LEAF, 0n, 1))).toContain(
      `plugin guard does not say whether it objects, its hook judgeChange failed: ${message}`,
    );
  });

  it('a plugin may guess what an entry of no kind is', () => {
    const mmu = withPolicy({
      guesses: { old: 'what guard 1 wrote' },
      guess: (_mmu, { spte }) => (spte === ODD ? [{ code: 'guard/old' }] : []),
    });
    expect(verdict(explainSpte(mmu, ODD, 1))).toBe(
      'not an entry of this kernel: it may be what guard 1 wrote',
    );
    expect(explainSpte(mmu, ODD | 0x40n, 1).guesses.map(({ code }) => code)).toEqual(['never-walked']);
    const failing = withPolicy({ guess: fails });
    expect(codes(failing, ODD)).toEqual(['not-an-spte', 'plugin-failed']);
    expect(codes(failing, LEAF)).toEqual([]);
    const wordless = withPolicy({ guess: () => [{ code: 'guard/old' }] });
    expect(judgeSpte(wordless, ODD, 1).at(-1)?.params).toMatchObject({ message: 'guesses has no guard/old' });
  });
});

describe('hooks that throw', () => {
  const failure = (hook: string) => ({ plugin: 'guard', hook, message: 'out of order' });

  it('are findings where entries are read', () => {
    const mmu = withPolicy({ read: fails });
    expect(decodeSpte(mmu, 6n, 1).kind).toBe('mmio');
    expect(judgeSpte(mmu, 6n, 1)).toEqual([
      expect.objectContaining({ code: 'plugin-failed', params: failure('read') }),
    ]);
    expect(codes(mmu, LEAF)).toEqual([]);
    expect(codes(mmu, 0x5a0n)).toEqual([]);
    const [failed] = judgeSpte(mmu, 6n, 1);
    expect(findingNext(failed as NonNullable<typeof failed>)).toContain('a defect of the plugin');
    const text: Policy['read'] = () => {
      throw JSON.parse('"a text"') as Error;
    };
    const odd: Policy['read'] = () => ({ kind: 'mmio', gfn: 5 }) as never; // a plugin in JavaScript may
    expect(decodeSpte(withPolicy({ read: odd }), 6n, 1).kind).toBe('mmio');
    expect(judgeSpte(withPolicy({ read: odd }), 6n, 1)).toMatchObject([
      {
        code: 'plugin-failed',
        params: { message: 'its answer must have gfn, gpa, access and generation as bigints, and fields' },
      },
    ]);
    expect(judgeSpte(withPolicy({ read: text }), 6n, 1)[0]?.params).toMatchObject({ message: 'a text' });
    const exposed = explainSpte(withPolicy({ exposure: fails }), 0n, 1);
    expect([exposed.l1tf, exposed.findings.map(({ params }) => params)]).toEqual([
      null,
      [failure('exposure')],
    ]);
    for (const cpuReads of [fails, () => undefined, () => [{ accessor: 'guest' }]] as unknown as NonNullable<
      Vendor['cpuReads']
    >[]) {
      const vendor = { ...vmx(), cpuReads };
      const { cpu, findings } = explainSpte(createMmu({ kernel: '6.8', host, vendor }), LEAF, 1);
      expect(cpu).toEqual([]);
      expect(findings.map(({ code }) => code)).toEqual(['plugin-failed']);
    }
  });

  it('are asked once for each answer, whether they fail or not', () => {
    for (const failing of [true, false]) {
      const asked = { read: 0, guess: 0 };
      const mmu = withPolicy({
        read: () => {
          asked.read++;
          return failing ? fails() : null;
        },
        guess: () => {
          asked.guess++;
          return failing ? fails() : [];
        },
      });
      for (const question of [decodeSpte, judgeSpte, explainSpte]) question(mmu, ODD, 1);
      expect(asked).toEqual({ read: 3, guess: 2 });
    }
  });

  it('are no finding where another plugin took the entry before', () => {
    const late: Policy = { name: 'late', apiVersion: 2, read: fails };
    const mmu = createMmu({ kernel: '6.8', host, vendor: vmx(), policies: [mmio(), late] });
    expect([decodeSpte(mmu, 6n, 1).kind, codes(mmu, 6n)]).toEqual(['mmio', []]);
  });

  it('are errors where entries are built and machines set up, with plugin, hook and cause', () => {
    const caught = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    const make = (config: Partial<MmuConfig>): unknown =>
      caught(() =>
        makeSpte(createMmu({ kernel: '6.8', host, vendor: vmx(), ...config }), plainHost, request),
      );
    const guard = (policy: Omit<Policy, 'name' | 'apiVersion'>): unknown =>
      make({ policies: [{ name: 'guard', apiVersion: 2, ...policy }] });
    for (const hook of [
      'moduleInit',
      'resetEarly',
      'resetLate',
      'initVm',
      'reserved',
      'leafBits',
      'isMmioPfn',
    ] as const) {
      const error = guard({ [hook]: fails });
      expect(error).toBeInstanceOf(PluginError);
      expect(error).toMatchObject({
        name: 'PluginError',
        code: 'SPTE_PLUGIN_HOOK',
        plugin: 'guard',
        hook,
        message: `SPTE_PLUGIN_HOOK: ${hook} of guard threw Error: out of order`,
        cause: new Error('out of order'),
      });
    }
    expect(make({ vendor: { ...vmx(), setup: fails } })).toMatchObject({ plugin: 'vmx', hook: 'setup' });
    expect(make({ vendor: { ...vmx(), getMtMask: fails } })).toMatchObject({
      plugin: 'vmx',
      hook: 'getMtMask',
    });
    const getMtMask = () => 6 as never; // a plugin in JavaScript may
    expect(make({ vendor: { ...vmx(), getMtMask } })).toMatchObject({
      message:
        'SPTE_PLUGIN_HOOK: getMtMask of vmx threw TypeError: its answer must be a bigint, got 6 (number)',
    });
    expect(guard({ leafBits: () => -1n })).toMatchObject({ code: 'SPTE_PLUGIN_HOOK', hook: 'leafBits' });
    expect(guard({ resetLate: (() => undefined) as never })).toMatchObject({
      message:
        'SPTE_PLUGIN_HOOK: resetLate of guard must return the next registry, got undefined: is a return missing?',
    });
    const bug = new KvmBug({ code: 'x', kind: 'BUG_ON' });
    const bugs = (): never => {
      throw bug;
    };
    expect(guard({ resetLate: bugs })).toBe(bug);
  });

  it('a plugin that is none has a sentence of its own', () => {
    const create = (vendor: unknown) => () => createMmu({ host, vendor: vendor as Vendor });
    expect(create(vmx)).toThrow('SPTE_PLUGIN_SHAPE: vendor must be a plugin, got a function: call it, vmx()');
    expect(create(() => vmx())).toThrow('call it, it()');
    expect(create(undefined)).toThrow(
      'SPTE_PLUGIN_SHAPE: vendor must be a plugin, such as vmx() of @spte/vendor-vmx, got undefined',
    );
    expect(create(null)).toThrow('got null');
    const policies = [mmio as unknown as Policy];
    expect(() => createMmu({ host, vendor: vmx(), policies })).toThrow(
      'policy must be a plugin, got a function',
    );
  });
});

describe('the role', () => {
  it('is told to readers, and may have a format of its own', () => {
    const roles: unknown[] = [];
    const vendor: Vendor = {
      ...legacyVendor,
      apiVersion: 2,
      mirrorFormat: { ...legacyFormat, name: 'mirrored' },
      cpuReads(_mmu, _spte, _level, role) {
        roles.push(role);
        return [
          {
            accessor: 'guest',
            read: { kind: 'legacy-test/ve', text: '#VE in the guest', passes: false },
            write: { kind: 'legacy-test/through', text: 'goes through', passes: true },
            fetch: { kind: 'legacy-test/ve', text: '#VE in the guest', passes: false },
          },
        ];
      },
    };
    const policies = [
      definePolicy({
        name: 'told',
        apiVersion: 2,
        exposure: () => ({ code: 'no-bug', params: {}, fetches: null, safe: true }),
        read(_mmu, _spte, role) {
          roles.push(role);
          return null;
        },
      }),
    ];
    const mmu = createMmu({ host, vendor, policies, root: { isMirror: true } });
    expect(mmu.vendor.format.name).toBe('mirrored');
    expect(createMmu({ host, vendor }).vendor.format.name).toBe('legacy');
    expect(createMmu({ host, vendor: vmx(), root: { isMirror: true } }).vendor.format.name).toBe('ept');
    const explanation = explainSpte(mmu, 0n, 3);
    const role = { level: 3, kind: 'tdp', isMirror: true };
    expect(new Set(roles.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(role)]));
    expect(explanation.l1tf).toBeNull();
    expect(renderExplanation(explanation)).toContain('guest read:  #VE in the guest');
  });
});
