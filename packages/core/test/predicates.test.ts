// SPDX-License-Identifier: GPL-2.0-only
import {
  checkSpteWritableInvariants,
  isAccessAllowed,
  isDirtySpte,
  isEptVePossible,
  isExecutablePte,
  isMmuWritableSpte,
  isRemovedSpte,
  kvmAdEnabled,
  kvmMmuMaxGfn,
  leafSpteChangeNeedsTlbFlush,
  type Mmu,
  makeSpte,
  markSpteForAccessTrack,
  mmuSpteAge,
  mmuSpteUpdate,
  observe,
  type PermissionInputs,
  pageRole,
  plainHost,
  setMmioSpteValue,
  spAdDisabled,
  spteAdEnabled,
  spteAdNeedWriteProtect,
  spteHasPermissionFault,
  spteShadowAccessedMask,
  spteShadowDirtyMask,
  traceSplitHugePage,
  traceTdpMmuSpteChanged,
  updatePermissionBitmask,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { eptVendor, mmuOf } from '@spte/testing/vendors';
import { describe, expect, it } from 'vitest';

const warned = (mmu: Mmu, run: (mmu: Mmu) => unknown): string[] =>
  observe(mmu, run).warnings.map(({ code }) => code);

const leafOf = (mmu: Mmu, adDisabled = false): bigint =>
  makeSpte(mmu, plainHost, { role: pageRole({ adDisabled }), gfn: 0x100n, pfn: 0x200n }).spte;

describe('a predicate', () => {
  it('tells whether hardware keeps A and D: in this kernel, page, and entry', () => {
    const [withAd, without] = [machine('EPT with A/D'), machine('EPT without A/D')];
    expect([withAd, without].map(kvmAdEnabled)).toEqual([true, false]);
    expect([true, false].map((adDisabled) => spAdDisabled(pageRole({ adDisabled })))).toEqual([true, false]);
    expect([false, true].map((disabled) => spteAdEnabled(withAd, leafOf(withAd, disabled)))).toEqual([
      true,
      false,
    ]);
    expect([false, true].map((disabled) => spteAdNeedWriteProtect(withAd, leafOf(withAd, disabled)))).toEqual(
      [false, true],
    );
  });

  it('tells whether a write fault may set W', () => {
    const mmu = machine('NPT');
    const leaf = leafOf(mmu);
    expect([leaf, leaf & ~mmu.masks.mmuWritable].map((spte) => isMmuWritableSpte(mmu, spte))).toEqual([
      true,
      false,
    ]);
  });

  it('gives A and D of an entry, none where hardware keeps none', () => {
    const mmu = machine('EPT with A/D', { kernel: '6.12' });
    const masksOf = (spte: bigint) => [spteShadowAccessedMask(mmu, spte), spteShadowDirtyMask(mmu, spte)];
    expect([masksOf(leafOf(mmu, true)), masksOf(leafOf(mmu))]).toEqual([
      [0n, 0n],
      [0x100n, 0x200n],
    ]);
    expect(markSpteForAccessTrack(machine('EPT with A/D', { kernel: '6.13' }), leafOf(mmu))).toBe(
      leafOf(mmu) & ~0x100n,
    );
  });

  it('complains in debug builds about an entry that is not present', () => {
    const mmu = machine('EPT with debug assertions');
    const of = (spte: bigint): string[] =>
      [spteAdEnabled, spteAdNeedWriteProtect, spteShadowAccessedMask, spteShadowDirtyMask].flatMap((ask) =>
        warned(mmu, (mmu) => ask(mmu, spte)),
      );
    expect(of(leafOf(mmu))).toEqual([]);
    expect(of(0n)).toEqual([
      'ad-enabled.not-present',
      'ad-wrprot.not-present',
      'accessed-mask.not-present',
      'ad-enabled.not-present',
      'dirty-mask.not-present',
      'ad-enabled.not-present',
    ]);
  });

  it('complains about an MMIO entry, before there was a bit for "present"', () => {
    const old = machine('EPT with debug assertions', { kernel: '5.12' });
    const of = (spte: bigint): string[] => warned(old, (mmu) => spteAdEnabled(mmu, spte));
    expect([of(0n), of(3n << 52n)]).toEqual([[], ['ad-enabled.not-present']]);
  });

  it('tells whether a guest could get a #VE: where EPT is to suppress it, and MMIO does not come first', () => {
    const possible = (kernel: string, spte: bigint): boolean =>
      isEptVePossible(machine('EPT with A/D', { kernel }), spte);
    expect([0n, 7n, 6n, 1n << 63n].map((spte) => possible('6.12', spte))).toEqual([true, true, false, false]);
    expect(isEptVePossible(machine('NPT', { kernel: '6.12' }), 7n)).toBe(false);
  });
});

describe('a function that only some kernels have', () => {
  const change = { asId: 0, gfn: 0n, level: 1, oldSpte: 0n, newSpte: 0n };
  const split = { gfn: 0n, spte: 0n, level: 2, err: 0 };

  it.each<[string, string | null, string | null, (mmu: Mmu) => unknown]>([
    ['is_removed_spte', '5.11', null, (mmu) => isRemovedSpte(mmu, 0x5a0n)],
    ['is_executable_pte', null, '7.3', (mmu) => isExecutablePte(mmu, 0n)],
    ['is_mmu_writable_spte', '5.17', null, (mmu) => isMmuWritableSpte(mmu, 0n)],
    ['spte_shadow_accessed_mask', null, '6.13', (mmu) => spteShadowAccessedMask(mmu, 0n)],
    ['spte_shadow_dirty_mask', null, '6.13', (mmu) => spteShadowDirtyMask(mmu, 0n)],
    ['is_dirty_spte', null, '6.13', (mmu) => isDirtySpte(mmu, 0n)],
    ['is_ept_ve_possible', '6.9', null, (mmu) => isEptVePossible(mmu, 0n)],
    ['kvm_ad_enabled', '5.15', null, kvmAdEnabled],
    ['kvm_mmu_max_gfn', '5.17', null, kvmMmuMaxGfn],
    ['kvm_mmu_set_mmio_spte_value', '6.15', null, (mmu) => setMmioSpteValue(mmu, mmu, 0n)],
    ['trace_kvm_tdp_mmu_spte_changed', '5.10', null, (mmu) => traceTdpMmuSpteChanged(mmu, change)],
    ['trace_kvm_mmu_split_huge_page', '5.17', null, (mmu) => traceSplitHugePage(mmu, split)],
  ])('is refused in others, naming those that have it: %s', (name, before, gone, ask) => {
    const of = (kernel: string) => () => ask(machine('NPT', { kernel }));
    for (const kernel of [before, gone]) {
      if (kernel === null) continue;
      expect(of(kernel)).toThrow(RangeError);
      expect(of(kernel)).toThrow(`${name}() is in kernels since `);
      expect(of(kernel)).toThrow(`, not in ${kernel}`);
    }
    expect(of(before === null ? '5.4' : '7.3')).not.toThrow();
  });
});

describe('writable bits that contradict each other', () => {
  const mmu = machine('EPT with A/D');
  const leaf = leafOf(mmu);

  it('are complained about, with the entry', () => {
    const log = (spte: bigint) => observe(mmu, (mmu) => checkSpteWritableInvariants(mmu, spte)).warnings;
    expect(log(leaf)).toEqual([]);
    expect(log(leaf & ~mmu.masks.hostWritable)).toMatchObject([
      { code: 'invariant.mmu-without-host-writable', kind: 'WARN_ONCE' },
    ]);
    expect(log(leaf & ~mmu.masks.mmuWritable)).toMatchObject([
      { code: 'invariant.hw-writable-without-mmu-writable' },
    ]);
  });

  it('are no question before 5.18', () => {
    expect(() => checkSpteWritableInvariants(machine('NPT', { kernel: '5.17' }), 0n)).toThrow(
      'check_spte_writable_invariants() is in kernels since 5.18, not in 5.17',
    );
  });
});

describe('an access', () => {
  it('is allowed by the permission that it needs, up to 7.2', () => {
    const mmu = machine('NPT');
    const allowed = (spte: bigint): boolean[] =>
      [
        { exec: false, write: false },
        { exec: false, write: true },
        { exec: true, write: false },
      ].map((access) => isAccessAllowed(mmu, access, spte));
    expect([0x865n, 0x867n, 0x865n | (1n << 63n), 0x864n].map(allowed)).toEqual([
      [true, false, true],
      [true, true, true],
      [true, false, false],
      [false, false, true],
    ]);
    expect(() =>
      isAccessAllowed(machine('NPT', { kernel: '7.3' }), { exec: true, write: false }, 7n),
    ).toThrow('is_access_allowed() is in kernels since 5.4.0 and before 7.3, not in 7.3');
  });

  it('faults by the error code since 7.3, and always on an entry that is not present', () => {
    const mmu = machine('NPT', { kernel: '7.3' });
    const READ = 0x5n;
    const WRITE = 0x7n;
    const FETCH = 0x15n;
    const faults = (spte: bigint): boolean[] =>
      [READ, WRITE, FETCH].map((code) => spteHasPermissionFault(mmu, spte, code));
    expect(faults(0x867n)).toEqual([false, false, false]);
    expect(faults(0x865n)).toEqual([false, true, false]);
    expect(faults(0x867n | (1n << 63n))).toEqual([false, false, true]);
    // Of an entry for supervisors a user reads nothing, and a supervisor does.
    expect(faults(0x863n)).toEqual([true, true, true]);
    expect(spteHasPermissionFault(mmu, 0x863n, 1n)).toBe(false);
    expect(faults(0x866n)).toEqual([true, false, false]);
    expect(faults(0x67n)).toEqual([true, true, true]);
    expect(() => spteHasPermissionFault(machine('NPT'), 0n, 0n)).toThrow(/spte_permission_fault\(\)/);
  });
});

describe('the permission bitmap', () => {
  const plain: PermissionInputs = {
    tdp: false,
    eptFormat: false,
    smep: false,
    smap: false,
    wp: false,
    nx: false,
  };
  const [R, W, U, X] = [1, 2, 4, 8];
  const [WRITE, USER, RSVD, FETCH] = [1, 2, 4, 8];
  const faults = (inputs: Partial<PermissionInputs>, code: number, access: number): boolean =>
    (((updatePermissionBitmask({ ...plain, ...inputs })[code] ?? 0) >> access) & 1) !== 0;

  it('has the rights of x86 paging', () => {
    expect(faults({}, 0, R)).toBe(false);
    expect(faults({}, 0, W | U | X)).toBe(true);
    expect(faults({}, USER, R)).toBe(true);
    expect(faults({}, USER | WRITE, R | U)).toBe(true);
    expect(faults({}, USER | WRITE, R | W | U)).toBe(false);
  });

  it('lets a supervisor write read-only pages without CR0.WP, and fetch from any without NX', () => {
    expect([false, true].map((wp) => faults({ wp }, WRITE, R))).toEqual([false, true]);
    expect([false, true].map((nx) => faults({ nx }, FETCH, R))).toEqual([false, true]);
  });

  it('keeps a supervisor from the pages of users: fetches by SMEP, data by SMAP unless the fault says else', () => {
    const all = R | W | U | X;
    expect([false, true].map((smep) => faults({ smep }, FETCH, all))).toEqual([false, true]);
    expect([false, true].map((smap) => faults({ smap }, 0, all))).toEqual([false, true]);
    expect(faults({ smap: true }, RSVD, all)).toBe(false);
    expect(faults({ smap: true }, FETCH, all)).toBe(false);
  });

  it('has users fetch what GMET forbids to supervisors alone', () => {
    expect([false, true].map((tdp) => faults({ tdp, smep: true }, USER, R))).toEqual([true, false]);
  });

  it('has one permission each in EPT, two for fetches under MBEC', () => {
    const ept = { eptFormat: true, tdp: true };
    expect([R, W, X].map((access) => faults(ept, 0, access))).toEqual([false, true, true]);
    expect([R, W, X].map((access) => faults(ept, WRITE, access))).toEqual([true, false, true]);
    expect([R, W, X].map((access) => faults(ept, FETCH | USER, access))).toEqual([true, true, false]);
    expect([U, X].map((access) => faults({ ...ept, smep: true }, FETCH | USER, access))).toEqual([
      false,
      true,
    ]);
    expect([U, X].map((access) => faults({ ...ept, smep: true }, FETCH, access))).toEqual([true, false]);
  });

  it('is empty where nothing pages', () => {
    expect(machine('NPT', { root: { kind: 'none' } }).permissions).toEqual(Array(16).fill(0));
  });
});

describe('an update', () => {
  const asked = (): { host: typeof plainHost; calls: string[] } => {
    const calls: string[] = [];
    const host = {
      ...plainHost,
      setPfnAccessed: (pfn: bigint) => void calls.push(`accessed ${pfn.toString(16)}`),
      setPfnDirty: (pfn: bigint) => void calls.push(`dirty ${pfn.toString(16)}`),
    };
    return { host, calls };
  };

  it('up to 6.12 tells the page what is lost, and flushes for it', () => {
    const mmu = machine('EPT with A/D');
    const leaf = leafOf(mmu) | 0x300n;
    for (const [lost, told] of [
      [0n, []],
      [0x100n, ['accessed 200']],
      [0x200n, ['dirty 200']],
    ] as const) {
      const { host, calls } = asked();
      expect(mmuSpteUpdate(mmu, host, leaf, leaf & ~lost)).toEqual({
        spte: leaf & ~lost,
        flush: told.length > 0,
      });
      expect(calls).toEqual(told);
    }
    expect(mmuSpteUpdate(mmu, plainHost, leaf, leaf & ~2n).flush).toBe(true);
    expect(mmuSpteUpdate(mmu, plainHost, 0n, leaf).flush).toBe(false);
  });

  it('since 6.13 flushes when MMU-writable is lost, and for nothing else', () => {
    const mmu = machine('EPT with A/D', { kernel: '6.13' });
    const leaf = leafOf(mmu) | 0x300n;
    const { host, calls } = asked();
    expect(mmuSpteUpdate(mmu, host, leaf, leaf & ~0x302n).flush).toBe(false);
    expect(mmuSpteUpdate(mmu, host, leaf, leaf & ~(2n | mmu.masks.mmuWritable)).flush).toBe(true);
    expect(calls).toEqual([]);
    expect(leafSpteChangeNeedsTlbFlush(mmu, leaf, 0n)).toBe(true);
    expect(() => leafSpteChangeNeedsTlbFlush(machine('NPT'), leaf, 0n)).toThrow(
      /leaf_spte_change_needs_tlb_flush\(\) is in kernels since 6\.13/,
    );
  });

  it('complains about what is more than a change of bits', () => {
    const mmu = machine('NPT');
    const leaf = leafOf(mmu);
    const of = (before: bigint, after: bigint): string[] =>
      warned(mmu, (mmu) => mmuSpteUpdate(mmu, plainHost, before, after));
    expect(of(leaf, leaf ^ 0x1000n)).toEqual(['update.pfn-changed']);
    expect(of(leaf, leaf & ~0x800n)).toEqual(['update.new-not-present']);
    const debug = machine('EPT with debug assertions', { kernel: '6.12' });
    const ve = leafOf(debug) & ~(1n << 63n);
    expect(warned(debug, (mmu) => mmuSpteUpdate(mmu, plainHost, ve, ve))).toEqual(['set.ve-possible']);
  });

  it('of age clears A, or takes the permissions, after telling that W is lost', () => {
    const mmu = machine('EPT without A/D');
    const leaf = leafOf(mmu, true);
    const { host, calls } = asked();
    const { young, spte } = mmuSpteAge(mmu, host, leaf);
    expect({ young, permissions: spte & 7n, calls }).toEqual({
      young: true,
      permissions: 0n,
      calls: ['dirty 200'],
    });
    expect(mmuSpteAge(mmu, host, spte)).toEqual({ young: false, spte });
    const withAd = machine('EPT with A/D');
    const used = leafOf(withAd) | 0x100n;
    expect(mmuSpteAge(withAd, host, used)).toEqual({ young: true, spte: used & ~0x100n });
  });
});

it('an entry of a vendor with EPT and no A/D bits is tracked, not aged', () => {
  const mmu = mmuOf(eptVendor);
  expect(mmuSpteAge(mmu, plainHost, leafOf(mmu, true)).spte & mmu.masks.accTrack).toBe(0n);
});
