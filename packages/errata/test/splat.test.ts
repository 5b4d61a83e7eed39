// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recogniseSplat } from '../src/index.ts';

const said = (...lines: string[]): string | null => {
  const splat = recogniseSplat(lines);
  if (splat === null) return null;
  const { kind, where, source, isMmu } = splat;
  return `${kind} in ${where ?? '?'} at ${source ?? '?'}: ${isMmu ? 'MMU' : 'other'}`;
};

describe('a splat', () => {
  it.each([
    [
      ['WARNING: CPU: 1 PID: 1 at arch/x86/kvm/mmu/spte.c:215 make_spte+0x327/0x340 [kvm]'],
      'WARNING in make_spte at arch/x86/kvm/mmu/spte.c:215: MMU',
    ],
    [
      [
        'pte_list_remove: 00000000cd54fc10 many->many',
        '------------[ cut here ]------------',
        'kernel BUG at arch/x86/kvm/mmu/mmu.c:963!',
        'RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]',
        '  npf_interception+0x47/0xb0 [kvm_amd]',
      ],
      'BUG in pte_list_remove at arch/x86/kvm/mmu/mmu.c:963: MMU',
    ],
    [['pte_list_remove: 00000000cd54fc10 0->BUG'], 'reverse map in ? at ?: MMU'],
    [
      ['WARNING: CPU: 0 PID: 1195 at arch/x86/kvm/mmu.c:4373 kvm_mmu_page_fault.cold.160+0x51/0x5f'],
      'WARNING in kvm_mmu_page_fault at arch/x86/kvm/mmu.c:4373: MMU',
    ],
    [
      ['BUG: KASAN: slab-use-after-free in kvm_mmu_vendor_module_init+0x10/0x20 [kvm]'],
      'KASAN in kvm_mmu_vendor_module_init at ?: MMU',
    ],
    [['BUG: KASAN: use-after-free in ext4_read+0x10/0x20'], 'KASAN in ext4_read at ?: other'],
    [
      [
        'list_add corruption. prev->next should be next (ffff), but was 0',
        'kernel BUG at lib/list_debug.c:28!',
        'RIP: 0010:__list_add_valid+0x10/0x20',
        '  kvm_mmu_get_shadow_page+0x10/0x20 [kvm]',
      ],
      'list corruption in kvm_mmu_get_shadow_page at ?: MMU',
    ],
    [
      ['list_del corruption. next is LIST_POISON1', 'RIP: 0010:fput+0x1/0x2'],
      'list corruption in fput at ?: other',
    ],
    [
      ['watchdog: BUG: soft lockup - CPU#3 stuck for 23s!', ' kvm_mmu_zap_all_fast+0x1/0x2 [kvm]'],
      'soft lockup in kvm_mmu_zap_all_fast at ?: MMU',
    ],
    [
      [
        'BUG: kernel NULL pointer dereference, address: 0000000000000040',
        'RIP: 0010:wake_up_process+0x1/0x2',
      ],
      'NULL pointer in wake_up_process at ?: other',
    ],
    [
      [
        'BUG: unable to handle page fault for address: ffffc90000000000',
        'RIP: 0010:kvm_mmu_max_mapping_level+0x1/0x2',
      ],
      'page fault in kvm_mmu_max_mapping_level at ?: MMU',
    ],
    [['UBSAN: invalid-load in kernel/params.c:320:33'], 'UBSAN in ? at ?: other'],
    [
      ['BUG kvm_mmu_page_header: Objects remaining in kvm_mmu_page_header on __kmem_cache_shutdown()'],
      'leaked objects in kvm_mmu_page_header at ?: MMU',
    ],
    [
      ['WARNING: CPU: 1 PID: 1 at arch/x86/kvm/x86.c:100 vcpu_enter_guest+0x1/0x2 [kvm]'],
      'WARNING in vcpu_enter_guest at arch/x86/kvm/x86.c:100: other',
    ],
    [
      ['WARNING: CPU: 1 PID: 3509 at arch/x86/kvm/mmu/tdp_mmu.c:46 [kvm]'],
      'WARNING in ? at arch/x86/kvm/mmu/tdp_mmu.c:46: MMU',
    ],
  ])('is recognised: %j', (lines, expected) => {
    expect(said(...lines)).toBe(expected);
  });

  it('is none where nothing begins one', () => {
    expect(said('spte 0x1344a0827 level 4.', 'hello')).toBeNull();
    expect(said()).toBeNull();
  });

  it('is looked for in any text, of any length', () => {
    expect(said(`WARNING: ${'a'.repeat(1_000_000)}+0x1/0x2`)).toBe('WARNING in ? at ?: other');
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        const splat = recogniseSplat(['WARNING: ', ...lines]);
        expect(splat?.kind).toBeDefined();
      }),
    );
  });
});
