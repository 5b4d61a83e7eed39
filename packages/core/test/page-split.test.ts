// SPDX-License-Identifier: GPL-2.0-only
import {
  changedPteNotifierMakeSpte,
  changeSpteExecutable,
  type Mmu,
  makeHugePageSplitSpte,
  makeHugeSpte,
  makeSpte,
  makeSpteExecutable,
  markSpteForAccessTrack,
  modifySpteProtections,
  observe,
  pageRole,
  plainHost,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

const X = 1n << 2n;

const leafAt = (mmu: Mmu, level: number, adDisabled = false): bigint =>
  makeSpte(mmu, plainHost, { role: pageRole({ level, adDisabled }), gfn: 0x40000n, pfn: 0x80000n }).spte;

const warned = (mmu: Mmu, run: (mmu: Mmu) => unknown) =>
  observe(mmu, run).warnings.map(({ code, kind }) => `${kind} ${code}`);

describe('protections', () => {
  it('are set and cleared', () => {
    const mmu = machine('EPT with A/D', { kernel: '7.3' });
    expect(modifySpteProtections(mmu, 0x8029fd862c083d35n, 0x406n, 0n)).toBe(0x8029fd862c083d37n);
    expect(modifySpteProtections(mmu, 0xf77n, 0n, 0x6n)).toBe(0xf71n);
  });

  it('of a tracked entry are those that it gets back', () => {
    const mmu = machine('EPT without A/D', { kernel: '6.13' });
    const tracked = markSpteForAccessTrack(mmu, leafAt(mmu, 1, true) & ~X);
    const { shift } = mmu.layout.savedBits;
    expect(modifySpteProtections(mmu, tracked, X, 0n)).toBe(tracked | (X << shift));
  });

  it('that are to be set and cleared are complained about in debug builds', () => {
    const kernel = '6.13';
    const debug = machine('EPT with debug assertions', { kernel });
    const both = (mmu: Mmu): bigint => modifySpteProtections(mmu, leafAt(mmu, 1), X, X);
    expect(warned(debug, both)).toEqual(['WARN_ON_ONCE modify.set-clear-overlap']);
    expect(warned(machine('EPT with A/D', { kernel }), both)).toEqual([]);
  });

  it('to fetch are those of the access, of users apart where there is a bit for it', () => {
    const mmu = machine('EPT with A/D', { kernel: '7.3' });
    expect(mmu.masks.xu).toBe(0x400n);
    expect([0, 4, 8, 12].map((access) => changeSpteExecutable(mmu, 0xa77n, access))).toEqual([
      0xa73n,
      0xe73n,
      0xa77n,
      0xe77n,
    ]);
  });
});

describe('functions that change protections', () => {
  const on = (kernel: string): Mmu => machine('EPT with A/D', { kernel });

  it.each([
    ['5.17', 'make_spte_executable', (mmu: Mmu) => makeSpteExecutable(mmu, 0xb73n)],
    ['7.2', 'make_spte_executable', (mmu: Mmu) => makeSpteExecutable(mmu, 0xb73n)],
    ['7.1', 'change_spte_executable', (mmu: Mmu) => changeSpteExecutable(mmu, 0xb73n, 1)],
    ['6.12', 'modify_spte_protections', (mmu: Mmu) => modifySpteProtections(mmu, 0xb73n, X, 0n)],
  ])('are not there in %s: %s', (kernel, name, run) => {
    expect(() => run(on(kernel))).toThrow(`${name}() is in kernels since`);
  });

  it('say the same while both are there', () => {
    expect(makeSpteExecutable(on('6.13'), 0xb73n)).toBe(modifySpteProtections(on('6.13'), 0xb73n, X, 0n));
  });
});

describe('a huge page that is split', () => {
  it.each([
    ['6.10', true, 'WARN_ON_ONCE split.not-large', true],
    ['6.10', false, 'WARN_ON_ONCE split.not-present', true],
    ['6.11', true, 'KVM_BUG_ON split.not-present-or-not-large', false],
    ['6.13', false, 'KVM_BUG_ON small.bad-huge-spte', false],
  ])('must be one, in %s (present: %s): %s', (kernel, present, said, stops) => {
    const mmu = machine('EPT with A/D', { kernel });
    const bad = leafAt(mmu, present ? 1 : 2) & ~(present ? 0n : 0x800n);
    const split = (mmu: Mmu): bigint => makeHugePageSplitSpte(mmu, plainHost, bad, pageRole({ level: 1 }), 1);
    expect(warned(mmu, split)).toEqual([said]);
    expect(split(mmu) === 0n).toBe(stops);
  });

  it('gives what its role allows, and since 7.2 takes what it does not', () => {
    const executable = (kernel: string, access: number): boolean => {
      const mmu = machine('EPT with A/D', { kernel });
      const huge = leafAt(mmu, 2) | X;
      return (makeHugePageSplitSpte(mmu, plainHost, huge, pageRole({ level: 1, access }), 0) & X) !== 0n;
    };
    expect(['6.8', '7.2'].map((kernel) => executable(kernel, 3))).toEqual([true, false]);
    expect(executable('7.2', 15)).toBe(true);
  });

  it('is put together again from any of its parts, without fetches', () => {
    const mmu = machine('EPT with A/D', { kernel: '6.13' });
    const huge = leafAt(mmu, 2);
    const small = makeHugePageSplitSpte(mmu, plainHost, huge, pageRole({ level: 1 }), 77);
    expect(small & X).toBe(X);
    expect(makeHugeSpte(mmu, plainHost, small, 2)).toBe(huge);
    const off = { ...plainHost, nxHugePagesDisabled: () => true };
    expect(makeHugeSpte(mmu, off, small, 2)).toBe(huge | X);
    expect(warned(mmu, (mmu) => makeHugeSpte(mmu, plainHost, small, 1))).toEqual([
      'KVM_BUG_ON huge.bad-small-spte',
    ]);
    expect(warned(mmu, (mmu) => makeHugeSpte(mmu, plainHost, 0n, 2))).toEqual([
      'KVM_BUG_ON huge.bad-small-spte',
    ]);
    expect(() => makeHugeSpte(machine('NPT'), plainHost, small, 2)).toThrow(
      /make_huge_spte\(\) is in kernels since 6\.13/,
    );
  });
});

describe('access tracking', () => {
  it('complains where the saved bits are in use, and where W could not come back', () => {
    const track = (kernel: string, change: (spte: bigint, mmu: Mmu) => bigint): string[] => {
      const mmu = machine('EPT without A/D', { kernel });
      const spte = change(leafAt(mmu, 1, true), mmu);
      return warned(mmu, (mmu) => markSpteForAccessTrack(mmu, spte));
    };
    const same = (spte: bigint): bigint => spte;
    const busy = (spte: bigint, { layout }: Mmu): bigint => spte | (1n << layout.savedBits.shift);
    const stuck = (spte: bigint, { masks }: Mmu): bigint => spte & ~masks.mmuWritable;
    expect(['5.17', '6.8'].map((kernel) => track(kernel, same))).toEqual([[], []]);
    expect(track('6.8', busy)).toEqual(['WARN_ONCE acctrack.saved-bits-busy']);
    expect(track('5.15', stuck)).toEqual(['WARN_ONCE acctrack.not-locklessly-writable']);
    expect(track('5.18', stuck)).toEqual(['WARN_ONCE invariant.hw-writable-without-mmu-writable']);
  });
});

describe('an entry whose page the host moves', () => {
  it.each([
    ['5.16', true],
    ['5.17', false],
  ])('is read-only and not accessed; in %s it keeps MMU-writable: %s', (kernel, kept) => {
    const mmu = machine('NPT', { kernel });
    const { hostWritable, mmuWritable, accessed } = mmu.masks;
    const old = leafAt(mmu, 1) | accessed;
    const { value, reasons } = observe(mmu, (mmu) => changedPteNotifierMakeSpte(mmu, old, 0x123n));
    const gone = 2n | hostWritable | accessed | (kept ? 0n : mmuWritable);
    expect(value).toBe((old & ~mmu.masks.baseAddr & ~gone) | 0x123000n);
    expect(reasons.map(({ why }) => why)).toEqual(['as in the old SPTE', 'the new page frame']);
  });

  it('is zapped since 6.10', () => {
    expect(() => changedPteNotifierMakeSpte(machine('NPT', { kernel: '6.10' }), 7n, 1n)).toThrow(
      'kvm_mmu_changed_pte_notifier_make_spte() is in kernels since 5.10 and before 6.10, not in 6.10',
    );
  });
});
