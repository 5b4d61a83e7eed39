// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Mmu } from '@spte/core';
import { machines } from '@spte/testing/machines';
import { isRefused, type LineClaim, lineClaims, parseLine, type TraceRecord } from '@spte/trace';
import { describe, expect, it } from 'vitest';

const ept = (kernel: string): Mmu => createMmu({ ...machines['EPT with A/D'], kernel });
const npt = (kernel: string): Mmu => createMmu({ ...machines['NPT'], kernel, host: { physBits: 48 } });

const recordOf = (line: string): TraceRecord => parseLine(line) as TraceRecord;

/** What the last of some lines of one task claims. */
function claimOf(...lines: readonly string[]): LineClaim | null {
  const claims = lineClaims();
  return lines.map((line) => claims(recordOf(`  qemu-7  [000] ...1.  1.0: ${line}`))).at(-1) ?? null;
}

const holdsIn = (claim: LineClaim | null, ...mmus: readonly Mmu[]): (boolean | undefined)[] =>
  mmus.map((mmu) => claim?.holds(mmu));

describe('what a line claims', () => {
  it('is that KVM makes such a change', () => {
    const claim = claimOf(
      'kvm_tdp_mmu_spte_changed: as id 0 gfn 100 level 1 old_spte 600000455299b77 new_spte 600000455299b75',
    );
    expect(claim?.about).toHaveLength(2);
    // Before 5.13 bits 57 and 58 mean nothing, and what is replaced there was no such mapping.
    expect(holdsIn(claim, ept('6.8'), ept('5.10'))).toEqual([true, false]);
  });

  it('is the same for changes that are alike, and not for one of another page', () => {
    const keyOf = (old: string, now: string): string | undefined =>
      claimOf(`kvm_tdp_mmu_spte_changed: as id 0 gfn 1 level 1 old_spte ${old} new_spte ${now}`)?.key;
    const key = keyOf('600000455299b77', '600000455299b75');
    expect(keyOf('600000455300b77', '600000455300b75')).toBe(key);
    expect(keyOf('600000455300b77', '600000455299b75')).not.toBe(key);
  });

  it('is what the kernel printed beside an entry', () => {
    const claim = claimOf('check_mmio_spte: spte 40000000fee000ae kvm_gen 2a spte-gen 2a valid 1');
    expect(holdsIn(claim, ept('6.8'))).toEqual([false]);
    const other = claimOf('check_mmio_spte: spte fee00096 kvm_gen 12 spte-gen 12 valid 1');
    expect(holdsIn(other, ept('6.8'))).toEqual([true]);
    expect(other?.about).toEqual([{ value: 0xfee00096n, level: null }]);
  });

  it('is what the next line of the task prints', () => {
    const claim = claimOf(
      'kvm_mmio_spte: (kvm_tdp_mmu_map+0x6f5/0x7a0 [kvm] <- make_mmio_spte) spte=0x380000d0001057',
      'mark_mmio_spte: sptep:ffff888006db2008 gfn d0001 access 7 gen a',
    );
    expect(holdsIn(claim, npt('5.10'), npt('6.8'))).toEqual([true, false]);
    // Alone the line says nothing of an entry.
    expect(claimOf('mark_mmio_spte: sptep:ffff888006db2008 gfn d0001 access 7 gen a')).toBeNull();
  });

  it('is the mask of reserved bits; an entry that has some of them makes no sense', () => {
    const line = 'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000';
    const claim = claimOf(line);
    expect(holdsIn(claim, npt('5.18'), npt('6.8'))).toEqual([true, false]);
    expect(claim?.about).toEqual([]);
    expect(isRefused(recordOf(line))).toBe(true);
    expect(isRefused(recordOf('spte = 0xee7, level = 2, rsvd bits = 0x800f0000001fe000'))).toBe(false);
    expect(isRefused(recordOf('kvm_page_fault: address 1000 error_code 6'))).toBe(false);
  });

  it.each([
    'kvm_page_fault: address 1000 error_code 6',
    'kvm_mmu_paging_element: pte 6003 level 1',
    'fast_page_fault: vcpu 0 gva 1000 error_code W sptep 00000000ce97aa9a old 0x0 new 0 spurious 0 fixed 0',
  ])('is nothing: %s', (line) => {
    expect(claimOf(line)).toBeNull();
  });
});
