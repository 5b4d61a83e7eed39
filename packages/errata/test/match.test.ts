// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, readKernelRelease } from '@spte/core';
import { MACHINE_NAMES, machine } from '@spte/testing/machines';
import { legacyVendor } from '@spte/testing/vendors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Alternative,
  type Erratum,
  type ErratumMatch,
  type Evidence,
  errata,
  isExcused,
  machineEvidence,
  matchErrata,
  modeOf,
  PREDICATES,
} from '../src/index.ts';
import { evidenceOf, mmuOf } from './evidence-of.ts';
import { samples } from './samples.ts';

const said = (matches: readonly ErratumMatch[]): string[] =>
  matches.map(({ id, strength }) => `${strength} ${id}`);

/** The public splat of NX in NPT. */
const splat: Evidence = samples[0]?.match?.evidence ?? {};
const MASK = '0x800f0000001fe000';

describe('how sure a match is', () => {
  it('is certain with the printed mask, the machine and the kernel', () => {
    expect(said(matchErrata(splat))).toEqual(['is npt-nx-reserved']);
  });

  it('is not on a machine that is assumed, nor with a kernel that is', () => {
    expect(said(matchErrata({ ...splat, origin: 'assumed' }))).toEqual(['looks like npt-nx-reserved']);
    const { release } = splat.kernel ?? { release: readKernelRelease('5.18') };
    const [match] = matchErrata({ ...splat, kernel: { release, origin: 'assumed' } });
    expect(match?.strength).toBe('looks like');
    expect(match?.missing).toEqual(['the kernel is not known']);
  });

  it('is not with a kernel that has the fix, which rules nothing out', () => {
    const kernel = { release: readKernelRelease('6.1.5'), origin: 'given' } as const;
    const [match] = matchErrata({ ...splat, kernel });
    expect(match?.strength).toBe('looks like');
    expect(match?.missing).toEqual(['kernel fixed in 6.0, yours says 6.1.5']);
  });

  it('is not where the vendor or the mode is not known', () => {
    const { vendor: _vendor, ...rest } = splat;
    expect(matchErrata(rest)[0]?.missing).toEqual(['the machine is not known']);
  });

  it('is nothing on another vendor or in another mode', () => {
    expect(matchErrata({ ...splat, vendor: 'vmx', mode: 'ept' })).toEqual([]);
    // There the finding would be of another bug.
    expect(said(matchErrata({ ...splat, mode: 'shadow' }))).toEqual(['looks like shadow-nx-reserved']);
  });

  it('is not without the printed mask, for which the finding stands', () => {
    const { checks: _checks, ...rest } = splat;
    const matches = matchErrata(rest);
    expect(said(matches)).toEqual(['looks like npt-nx-reserved']);
    expect(matches[0]?.missing).toEqual(['not seen: a printed mask']);
    expect(matchErrata({ ...rest, origin: 'assumed' })).toEqual([]);
  });

  it('is nothing with a mask that is no word, or is of another entry', () => {
    const check = { field: 'rsvd_bits', printed: MASK, computed: MASK };
    const plain = { ...splat, sptes: (splat.sptes ?? []).map((spte) => ({ ...spte, findings: [] })) };
    expect(matchErrata({ ...plain, checks: [{ ...check, printed: 'many' }] })).toEqual([]);
    expect(matchErrata({ ...plain, checks: [{ ...check, printed: `0x${'8'.repeat(100_000)}` }] })).toEqual(
      [],
    );
    expect(matchErrata({ ...plain, checks: [{ ...check, spte: 1 }] })).toEqual([]);
    expect(said(matchErrata({ ...plain, checks: [check] }))).toEqual(['is npt-nx-reserved']);
  });

  it('is not of an erratum of which only the title was read', () => {
    const unread = errata.filter(({ verifiedInText }) => !verifiedInText).map(({ id }) => id);
    const strengths = samples.filter(({ id }) => unread.includes(id)).map(({ match }) => match?.strength);
    expect(strengths).not.toContain('is');
  });

  it('is not where the level of the entry is not known', () => {
    const sptes = (splat.sptes ?? []).map((spte) => ({ ...spte, level: null, findings: [] }));
    expect(matchErrata({ ...splat, sptes })).toEqual([]);
  });

  it('is of all candidates where there is only text', () => {
    const texts = [
      'WARNING: CPU: 1 PID: 3509 at arch/x86/kvm/mmu/tdp_mmu.c:46 [kvm]',
      'kvm_mmu_uninit_tdp_mmu+0x3e/0x50',
    ];
    expect(said(matchErrata({ texts }))).toEqual([
      'could be gfn-beyond-maxphyaddr',
      'could be tdp-iterator-skips',
      'could be zap-all-leaks-tables',
    ]);
  });

  it('is nothing of no evidence', () => {
    expect(matchErrata({})).toEqual([]);
    expect(matchErrata({ texts: [''] })).toEqual([]);
  });

  it('takes a part of the catalogue', () => {
    expect(matchErrata(splat, errata.slice(1))).toEqual([]);
  });
});

describe('a look-alike', () => {
  const kvmi = samples.find(({ id }) => id === 'lookalike-kvmi')?.match?.evidence ?? {};

  it('is said of a KVMI dump, also when the machine is assumed to be another', () => {
    expect(said(matchErrata(kvmi))).toEqual(['is lookalike-kvmi']);
    const assumed = evidenceOf(
      kvmi.texts ?? [],
      mmuOf({ kernel: '6.8', vendor: 'vmx', mode: 'ept' }),
      'assumed',
      'assumed',
    );
    expect(said(matchErrata(assumed))).toEqual(['looks like lookalike-kvmi']);
  });

  const base = errata[0] as Erratum;
  const one = (id: string, kind: Erratum['kind'], ...all: Alternative['all']): Erratum => ({
    ...base,
    id,
    kind,
    excuses: [],
    when: [{ all }],
  });
  const spte = { value: 5n, level: 1, kind: 'leaf', findings: [] } as const;
  const test = { spte: { mask: 1n, value: 1n } };

  it('wins over a bug that rests on the same entry or line, and not over another', () => {
    const bugs = [
      one('text', 'bug', { text: 'b' }),
      one('entry', 'bug', test),
      one('check', 'check-wrong', test),
    ];
    const alike = one('alike', 'look-alike', { text: 'b' });
    const matches = (...list: Erratum[]): string[] =>
      said(matchErrata({ sptes: [spte], texts: ['a', 'b'] }, list));
    expect(matches(...bugs, alike)).toEqual(['looks like check', 'looks like entry', 'could be alike']);
    expect(matches(...bugs, one('alike', 'look-alike', test))).toEqual([
      'looks like alike',
      'looks like check',
      'could be text',
    ]);
    // A weaker one does not win.
    expect(matches(one('both', 'bug', { text: 'b' }, test), alike)).toEqual([
      'looks like both',
      'could be alike',
    ]);
  });
});

describe('a finding', () => {
  const finding = { code: 'reserved-bits', bits: [63] };

  it('of a check that was wrong is excused', () => {
    const matches = matchErrata(splat);
    expect(isExcused(matches, finding, { level: 2 })).toBe(true);
    expect(isExcused(matches, finding, { level: null })).toBe(true);
  });

  it.each([
    ['of other bits', { code: 'reserved-bits', bits: [48, 63] }, { level: 2 }],
    ['of another check', { code: 'bad-xwr', bits: [63] }, { level: 2 }],
    ['at another level', finding, { level: 1 }],
    ['of another entry', finding, { level: 2, entry: 1 }],
  ])('%s stays', (_what, found, judged) => {
    expect(isExcused(matchErrata(splat), found, judged)).toBe(false);
  });

  it('stays where no kernel is known, and where there is no printed mask', () => {
    const { kernel: _kernel, ...noKernel } = splat;
    const { checks: _checks, ...noMask } = splat;
    for (const evidence of [noKernel, noMask]) {
      const matches = matchErrata(evidence);
      expect(said(matches)).toEqual(['looks like npt-nx-reserved']);
      expect(isExcused(matches, finding, { level: 2 })).toBe(false);
    }
  });

  it('at a level that was never walked is excused whatever its bits', () => {
    const matches = matchErrata(samples.find(({ id }) => id === 'mmio-dump-pae-root')?.match?.evidence ?? {});
    expect(isExcused(matches, { code: 'not-an-spte', bits: [1, 31] }, { level: 3 })).toBe(true);
    expect(isExcused(matches, { code: 'not-an-spte', bits: [1, 31] }, { level: 2 })).toBe(false);
  });
});

describe('a predicate', () => {
  it('that depends on the mode is not answered without it', () => {
    expect(PREDICATES['writable-clean'](2n, null)).toBeNull();
    expect(PREDICATES['empty-without-suppress-ve'](0n, null)).toBeNull();
  });

  it.each([
    ['ept', 0x202n, false],
    ['ept12', 0x42n, true],
    ['npt', 0x42n, false],
    ['shadow', 0x202n, true],
    ['ept', 0n, false],
    ['ept', 0x10000000000002n, false],
  ] as const)('knows the dirty bit in %s: %s', (mode, spte, clean) => {
    expect(PREDICATES['writable-clean'](spte, mode)).toBe(clean);
  });

  it('knows 0 as empty where EPT has a bit for it', () => {
    const is = PREDICATES['empty-without-suppress-ve'];
    expect([is(0n, 'ept'), is(0n, 'ept12'), is(0n, 'npt'), is(1n, 'ept')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('does not take a generation of 0 for equal halves', () => {
    expect(PREDICATES['generation-halves-equal'](0x30000000001006n, null)).toBe(false);
  });
});

describe('an event', () => {
  const fields = { old: '0x61000034d4fe877', new: '061000034d4fe877', spurious: 1, fixed: 0 };
  const evidence: Evidence = {
    ...samples.find(({ id }) => id === 'lookalike-esxi-no-ad')?.match?.evidence,
    trace: { event: 'fast_page_fault', fields },
  };

  it('shows the same word however it is printed', () => {
    expect(said(matchErrata(evidence))).toEqual(['is lookalike-esxi-no-ad']);
  });

  it.each([
    ['another event', { event: 'handle_mmio_page_fault', fields }],
    ['another value', { event: 'fast_page_fault', fields: { ...fields, fixed: 1 } }],
    ['another word', { event: 'fast_page_fault', fields: { ...fields, new: '61000034d4fe875' } }],
    ['no word', { event: 'fast_page_fault', fields: { ...fields, old: 'x', new: 'x' } }],
    ['a number', { event: 'fast_page_fault', fields: { ...fields, old: 1, new: 1 } }],
  ])('does not match with %s', (_what, trace) => {
    expect(matchErrata({ ...evidence, trace })).toEqual([]);
  });
});

describe('what an MMU says of its machine', () => {
  it('is vendor, mode and facts', () => {
    const { vendor, mode, facts, origin, kernel } = machineEvidence(
      mmuOf({ kernel: '5.18', vendor: 'vmx', mode: 'ept', physBits: 46, rawBits: 52, l1tf: true }),
      'read',
      'ranked',
    );
    expect({ vendor, mode, facts, origin, kernel: [kernel?.release.name, kernel?.origin] }).toEqual({
      vendor: 'vmx',
      mode: 'ept',
      facts: { mmioCaching: true, encryption: true, l1tf: true, physBits: 46, levels: 4 },
      origin: 'ranked',
      kernel: ['5.18', 'read'],
    });
  });

  it('is a mode of each kind', () => {
    expect(new Set(MACHINE_NAMES.map((name) => modeOf(machine(name))))).toEqual(
      new Set(['ept', 'npt', 'shadow']),
    );
    expect(modeOf(mmuOf({ kernel: '6.8', vendor: 'vmx', mode: 'ept12' }))).toBe('ept12');
  });

  it('has no vendor whose bugs are not known', () => {
    const mmu = createMmu({ host: { physBits: 46 }, vendor: legacyVendor });
    expect(machineEvidence(mmu, 'given', 'given').vendor).toBeUndefined();
  });

  it('shadows a nested EPT with what is said of EPT or of nesting', () => {
    const sptes = [{ value: 0x6000000000a0b77n, level: 1, kind: 'leaf', findings: [] }] as const;
    const machine: Evidence = { vendor: 'vmx', mode: 'ept12', origin: 'given' };
    expect(said(matchErrata({ ...machine, sptes }))).toEqual(['is vga-range-cached']);
    const npt = errata.map((erratum): Erratum => ({ ...erratum, modes: ['npt'] }));
    expect(matchErrata({ ...machine, sptes }, npt)).toEqual([]);
    const shadow = errata.map((erratum): Erratum => ({ ...erratum, modes: ['shadow'] }));
    expect(said(matchErrata({ ...machine, sptes }, shadow))).toEqual(['is vga-range-cached']);
  });
});

it('a change is told without its entries, and a predicate that needs the mode is not without it', () => {
  const events = [{ code: 'zap' }, { code: 'cache-mmio' }] as const;
  const machine: Evidence = { vendor: 'vmx', mode: 'shadow', origin: 'given' };
  expect(said(matchErrata({ ...machine, changes: [{ events, objections: [] }] }))).toEqual([
    'looks like present-spte-becomes-mmio',
  ]);
  const sptes = [{ value: 0n, level: 1, kind: 'empty', findings: [] }] as const;
  const of = (evidence: Evidence): string[] =>
    said(matchErrata({ vendor: 'vmx', origin: 'given', sptes, texts: ['unexpected #VE'], ...evidence }));
  expect(of({ mode: 'ept' })[0]).toBe('looks like zap-writes-plain-zero');
  expect(of({})[0]).toBe('could be zap-writes-plain-zero');
});

it('a change on a machine that is assumed is not known to be one', () => {
  const { match } = samples.find(({ id }) => id === 'l2-writes-not-logged') ?? {};
  expect(matchErrata({ ...match?.evidence, origin: 'assumed' })).toEqual([]);
});

it('any words and values give matches that name what they rest on', () => {
  const words = errata.flatMap(({ when }) =>
    when.flatMap(({ all }) => all.flatMap((condition) => ('text' in condition ? condition.text : []))),
  );
  const texts = fc.array(fc.oneof(fc.string(), fc.constantFrom(...words)), { maxLength: 6 });
  const spte = fc.record({
    value: fc.bigInt(0n, (1n << 64n) - 1n),
    level: fc.constantFrom(null, 1, 2, 3, 4, 5),
    kind: fc.constantFrom('leaf', 'table', 'mmio', 'empty', 'unknown'),
    findings: fc.constant([]),
  });
  fc.assert(
    fc.property(texts, fc.array(spte, { maxLength: 3 }), (lines, sptes) => {
      for (const { matched, strength, missing, entries } of matchErrata({ texts: lines, sptes })) {
        expect(matched.length).toBeGreaterThan(0);
        expect(missing.length).toBeGreaterThan(0);
        expect(strength).not.toBe('is');
        for (const index of entries) expect(index).toBeLessThan(sptes.length);
      }
    }),
  );
});
