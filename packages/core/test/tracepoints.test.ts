// SPDX-License-Identifier: GPL-2.0-only
import {
  decodeRole,
  formatAccess,
  formatErrorCode,
  parseKernelVersion,
  type TraceLine,
  traceFastPageFault,
  traceGetPage,
  traceGuestWalk,
  tracePrepareZapPage,
  traceSetSpte,
  traceSplitHugePage,
  traceSpteRequested,
  traceTdpMmuSpteChanged,
} from '@spte/core';
import { machine } from '@spte/testing/machines';
import { describe, expect, it } from 'vitest';

// Lines of the kernels' own tracepoints.

const [old, reference, newest] = ['5.4', '6.8', '7.3'].map((kernel) => machine('NPT', { kernel })) as [
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
];

const text = ({ event, line }: TraceLine): string => `${event}: ${line}`;

describe('a shadow page is printed', () => {
  const state = { mmuValidGen: 0, rootCount: 1, unsync: false };

  it('with its role, whether it was there, and what is wrong with it', () => {
    const role = decodeRole(0x3281, reference.kernel);
    const page = { ...state, role, gfn: 0x27fc28bbn };
    expect(text(traceGetPage(reference, { ...page, created: true }))).toBe(
      'kvm_mmu_get_page: sp gen 0 gfn 27fc28bb l1 8-byte q0 direct w-- nxe ad root 1 sync new',
    );
    expect(traceGetPage(reference, { ...page, created: false }).line).toMatch(/ sync existing$/);
    const odd = { ...role, direct: false, eferNx: false, invalid: true, adDisabled: true };
    expect(tracePrepareZapPage(reference, { ...page, role: odd, unsync: true }).line).toBe(
      'sp gen 0 gfn 27fc28bb l1 8-byte q0 w-- invalid !nxe !ad root 1 unsync',
    );
  });

  it('when it goes', () => {
    const role = decodeRole(0x1023511, old.kernel);
    const page = { role, gfn: 0x44f0800n, mmuValidGen: 0, rootCount: 2, unsync: true };
    expect(text(tracePrepareZapPage(old, page))).toBe(
      'kvm_mmu_prepare_zap_page: sp gen 0 gfn 44f0800 l1 8-byte q0 -ux nxe ad root 2 unsync',
    );
  });

  it('with reads, and entries of four bytes, since 7.2', () => {
    const role = decodeRole(0x6f92, newest.kernel);
    const page = { role, gfn: 0x508dc300an, mmuValidGen: 0, rootCount: 4, unsync: false, created: true };
    expect(traceGetPage(newest, page).line).toBe(
      'sp gen 0 gfn 508dc300a l2 4-byte q0 direct rwux nxe ad root 4 sync new',
    );
  });
});

describe('an entry is printed', () => {
  it('where it was written', () => {
    const written = { level: 1, gfn: 0xa00000n, spte: 0xe18728496e69ee9bn, sptePhys: 0xfae067e20n };
    expect(text(traceSetSpte(reference, written))).toBe(
      'kvm_mmu_set_spte: gfn a00000 spte e18728496e69ee9b (rw--) level 1 at fae067e20',
    );
  });

  it('before it is split', () => {
    expect(
      text(
        traceSplitHugePage(machine('NPT'), { gfn: 0x362fd6d25n, spte: 0x1513361d0805n, level: 3, err: -12 }),
      ),
    ).toBe('kvm_mmu_split_huge_page: gfn 362fd6d25 spte 1513361d0805 level 3 errno -12');
  });

  it('before and after a change', () => {
    const [oldSpte, newSpte] = [0xb8ae308bb2e67n, 0xb87cbc0000ee7n];
    expect(
      text(
        traceTdpMmuSpteChanged(machine('NPT'), { asId: 1, gfn: 0xea6578aa80n, level: 1, oldSpte, newSpte }),
      ),
    ).toBe(
      'kvm_tdp_mmu_spte_changed: as id 1 gfn ea6578aa80 level 1 old_spte b8ae308bb2e67 new_spte b87cbc0000ee7',
    );
  });

  it('as it is asked for: the pfn of the page that faulted, since 7.2 with the access', () => {
    const asked = { gfn: 0xaaf658d7c7n, pfn: 0xeda1fe049dn, goalLevel: 2, access: 9 };
    expect(text(traceSpteRequested(reference, asked))).toBe(
      'kvm_mmu_spte_requested: gfn aaf658d7c7 pfn eda1fe05df level 2',
    );
    expect(traceSpteRequested(newest, { ...asked, goalLevel: 1 }).line).toBe(
      'gfn aaf658d7c7 pfn eda1fe049d level 1 access 9',
    );
    expect(traceSpteRequested(newest, { gfn: 1n, pfn: 1n, goalLevel: 1 }).line).toMatch(/ access 0$/);
  });
});

describe('a fault is printed', () => {
  const fault = {
    vcpuId: 4,
    addr: 0x42fbc4fce149n,
    errorCode: 0xfn,
    sptep: 0xffff88810333edc0n,
    oldSpte: 0x1635c92c3907n,
    spte: 0x1635c92c3907n,
    ret: 5,
  };

  it('with what the fast path made of it', () => {
    expect(text(traceFastPageFault(reference, fault))).toBe(
      'fast_page_fault: vcpu 4 gva 42fbc4fce149 error_code P|W|U|RSVD sptep ffff88810333edc0 old 0x1635c92c3907 new 1635c92c3907 spurious 1 fixed 0',
    );
    expect(traceFastPageFault(reference, { ...fault, ret: 4 }).line).toMatch(/ spurious 0 fixed 1$/);
  });

  it('with W before and after in 5.4, which has no numbers for outcomes', () => {
    const outcome = (oldSpte: bigint, spte: bigint, ret: number): string =>
      traceFastPageFault(old, { ...fault, oldSpte, spte, ret }).line.replace(/.*(?=old)/, '');
    expect(outcome(0n, 2n, 1)).toBe('old 0 new 2 spurious 0 fixed 1');
    expect(outcome(2n, 0n, 1)).toBe('old 0x2 new 0 spurious 1 fixed 0');
    expect(outcome(2n, 2n, 0)).toBe('old 0x2 new 2 spurious 0 fixed 0');
  });

  it('on each step of a walk of the guest, whose codes have 32 bits', () => {
    const walk = { addr: 0x3d9f487c4ee1n, errorCode: 0x1_c6ba_2030n, pte: 0x6a7ab0232c41546bn, level: 2 };
    expect(traceGuestWalk(reference, walk).map(text)).toEqual([
      'kvm_mmu_pagetable_walk: addr 3d9f487c4ee1 pferr c6ba2030 F|0xc6ba2020',
      'kvm_mmu_paging_element: pte 6a7ab0232c41546b level 2',
      'kvm_mmu_walker_error: pferr c6ba2030 F|0xc6ba2020',
    ]);
  });

  it('with the names that this kernel has for its bits', () => {
    const names = (kernel: string, code: bigint): string => formatErrorCode(parseKernelVersion(kernel), code);
    expect(names('6.8', 0n)).toBe('');
    expect(names('5.4', 0xedf6n)).toBe('W|U|F|0xede0');
    expect(names('7.3', 0x83641aaee484e914n)).toBe('U|SGX|F|0x83641aaee4846900');
  });
});

it('an access is printed in the letters of its kernel', () => {
  expect([0, 1, 2, 4, 7].map((access) => formatAccess(reference.kernel, access))).toEqual([
    '---',
    '--x',
    'w--',
    '-u-',
    'wux',
  ]);
  expect([1, 2, 4, 8].map((access) => formatAccess(newest.kernel, access))).toEqual([
    'r---',
    '-w--',
    '--u-',
    '---x',
  ]);
});
