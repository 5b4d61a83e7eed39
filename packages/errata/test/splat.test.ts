// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recogniseSplat, type SplatBlock, splatReader, splatText } from '../src/index.ts';

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

/** What is found in the lines of a log, and before which line; lines that show an entry begin with a star. */
function found(...log: string[]): string[] {
  const reader = splatReader();
  const say = (at: number | 'end', block: SplatBlock | null): string[] =>
    block === null
      ? []
      : [
          `${at}: ${splatText(block.splat)}, ${block.lines.length} lines${block.hasEntry ? ', an entry' : ''}`,
        ];
  const within = log.flatMap((line, at) => say(at, reader.take(line, line.startsWith('*'))));
  return [...within, ...say('end', reader.end())];
}

describe('a reader of splats', () => {
  const BUG = ['kernel BUG at arch/x86/kvm/mmu/mmu.c:963!', 'RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]'];
  const said = "BUG in KVM's MMU: pte_list_remove at arch/x86/kvm/mmu/mmu.c:963";

  it('finds one up to its end mark, an empty line, or the end of the log', () => {
    expect(found('hello', '--[ cut here ]--', ...BUG, '---[ end trace 1 ]---', 'hello')).toEqual([
      `4: ${said}, 4 lines`,
    ]);
    expect(found(...BUG, '', 'hello')).toEqual([`2: ${said}, 2 lines`]);
    expect(found('hello', ...BUG)).toEqual([`end: ${said}, 2 lines`]);
  });

  it('says whether it shows an entry', () => {
    expect(found('--[ cut here ]--', '* spte = 0x5a0', ...BUG)).toEqual([`end: ${said}, 4 lines, an entry`]);
    expect(found('* spte = 0x5a0', ...BUG)).toEqual([`end: ${said}, 2 lines, an entry`]);
    expect(found('* spte = 0x5a0', 'hello', ...BUG)).toEqual([`end: ${said}, 2 lines`]);
    expect(found(...BUG, '', '* spte = 0x5a0')).toEqual([`2: ${said}, 2 lines`]);
  });

  it('leaves out what is not of the MMU, and logs without any', () => {
    expect(found('kernel BUG at fs/ext4/inode.c:1!', 'RIP: 0010:ext4_read+0x1/0x2')).toEqual([]);
    expect(found('hello', '', '--[ cut here ]--')).toEqual([]);
  });

  it('keeps a part of a splat that does not end', () => {
    const lines = [...BUG, ...Array.from({ length: 400 }, () => 'x'.repeat(10_000))];
    expect(found(...lines)).toEqual([`159: ${said}, 160 lines`]);
  });

  it('says a splat without function or place', () => {
    expect(found('pte_list_remove: 00000000cd54fc10 0->BUG')).toEqual([
      "end: reverse map in KVM's MMU, 1 lines",
    ]);
  });
});
