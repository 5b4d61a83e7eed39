// SPDX-License-Identifier: GPL-2.0-only
// For each erratum what shows it, and what nearly does. Public values are those of reports and of commits; made ones
// follow the words of the erratum. What no entry, line or splat shows is told by the kernel alone.

import { readKernelRelease, type SpteKind } from '@spte/core';
import type { Evidence, EvidenceSpte, Mode, Strength, VendorName } from '../src/index.ts';
import { changeOn, evidenceOf, type Machine, mmuOf } from './evidence-of.ts';

/** What shows an erratum, and how sure the match has to be. */
interface Shown {
  readonly evidence: Evidence;
  readonly strength: Strength;
}

/** Kernels that tell an erratum: one that has it, and one that has not. */
interface Ranged {
  readonly has: string;
  readonly hasNot: string;
}

/** A match and a near miss. */
export interface Sample {
  readonly id: string;
  /** Where the values of the match are from. */
  readonly of: 'public' | 'made';
  readonly match: Shown | null;
  readonly nearMiss: Evidence | null;
  readonly kernels: Ranged | null;
}

const shows = (
  id: string,
  of: Sample['of'],
  strength: Strength,
  evidence: Evidence,
  nearMiss: Evidence,
): Sample => ({ id, of, match: { evidence, strength }, nearMiss, kernels: null });

/** An erratum that nothing shows but the kernel. */
const hidden = (id: string, has: string, hasNot: string): Sample => ({
  id,
  of: 'made',
  match: null,
  nearMiss: null,
  kernels: { has, hasNot },
});

const entry = (
  value: bigint,
  level: number | null,
  kind: SpteKind,
  code?: string,
  bits: readonly number[] = [],
): EvidenceSpte => ({ value, level, kind, findings: code === undefined ? [] : [{ code, bits }] });

/** A machine that is known. */
const on = (release: string, vendor: VendorName, mode: Mode, facts: Evidence['facts'] = {}): Evidence => ({
  kernel: { release: readKernelRelease(release), origin: 'read' },
  vendor,
  mode,
  facts,
  origin: 'read',
});

/** Lines of a log, read with the MMU of a machine that is known. */
const log = (machine: Machine, ...lines: string[]): Evidence =>
  evidenceOf(lines, mmuOf(machine), 'read', 'read');

const change = (machine: Machine, old: bigint, now: bigint, level: number): Evidence => {
  const mmu = mmuOf(machine);
  return { ...evidenceOf([], mmu, 'read', 'read'), ...changeOn(mmu, old, now, level) };
};

const text = (...texts: string[]): Evidence => ({ texts });

const NPT_5_18: Machine = { kernel: '5.18', vendor: 'svm', mode: 'npt' };
const EPT_6_1: Machine = { kernel: '6.1.0-rc4', vendor: 'vmx', mode: 'ept' };
const BIT_63 = 0x8000_0000_0000_0000n;

const NX_SPLAT = [
  'spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000',
  'WARNING: CPU: 152 PID: 15966 at arch/x86/kvm/mmu/spte.c:215 make_spte+0x327/0x340 [kvm]',
];

const SEV_ES_DUMP = [
  'get_mmio_spte: detect reserved bits on spte, addr 0xffc12792, dump hierarchy:',
  '------ spte 0x1344a0827 level 4.',
  '------ spte 0x134499827 level 3.',
  '------ spte 0x165bf0827 level 2.',
  '------ spte 0xff800ffc12817 level 1.',
];

const LEVEL_5_DUMP = [
  'get_mmio_spte: detect reserved bits on spte, addr 0xb80a0, dump hierarchy:',
  '------ spte 0xb80a0 level 5.',
  '------ spte 0x1db00000000b83b6 level 1.',
];

const PAE_DUMP = [
  'get_mmio_spte: detect reserved bits on spte, addr 0xfe00d000, dump hierarchy:',
  '------ spte 0x8000030e level 3.',
  '------ spte 0xaf82027 level 2.',
  '------ spte 0x2038001ffe00d407 level 1.',
  'WARNING: CPU: 1 PID: 355 at kvm_mmu_page_fault.cold+0x42/0x4f [kvm]',
];

const KVMI_DUMP = [
  'walk_shadow_page_get_mmio_spte: detect reserved bits on spte, addr 0x268fe10, dump hierarchy:',
  '------ spte 0x1000007abb7007 level 4.',
  '------ spte 0x10000035a59007 level 3.',
  '------ spte 0x1000007a88a007 level 2.',
  '------ spte 0x1000005d48fc76 level 1.',
];

const CHANGED_SPLAT = [
  'Invalid SPTE change: cannot replace a present leaf',
  'SPTE with another present leaf SPTE mapping a',
  'different PFN!',
  'as_id: 0 gfn: 100200 old_spte: 600000112400bf3 new_spte: 6000001126009f3 level: 2',
];

const VE = 'KVM: unexpected #VE';

const UNINIT = [
  'WARNING: CPU: 1 PID: 3509 at arch/x86/kvm/mmu/tdp_mmu.c:46 [kvm]',
  'RIP: 0010:kvm_mmu_uninit_tdp_mmu+0x3e/0x50 [kvm]',
];

const NESTED_BUG = [
  'pte_list_remove: 00000000cd54fc10 many->many',
  'kernel BUG at arch/x86/kvm/mmu/mmu.c:963!',
  'RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]',
];

const REVERSE_MAP = ['BUG: KASAN: slab-use-after-free in rmap_remove+0x30/0x60 [kvm]'];

/** Samples of every erratum, in the order of the catalogue. */
export const samples: readonly Sample[] = [
  shows(
    'npt-nx-reserved',
    'public',
    'is',
    log(NPT_5_18, ...NX_SPLAT),
    // Another bit of the printed mask is set, too.
    log(NPT_5_18, 'spte = 0x800100018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000'),
  ),
  shows(
    'shadow-nx-reserved',
    'made',
    'is',
    log(
      { kernel: '5.13', vendor: 'vmx', mode: 'shadow', eferNx: false },
      'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0x7000, hierarchy:',
      'kvm: ------ spte = 0x8000000102800ee7 level = 2, rsvd bits = 0x800fc000001fe000',
    ),
    log(
      { kernel: '5.13', vendor: 'vmx', mode: 'shadow', eferNx: false },
      'kvm: get_mmio_spte: reserved bits set on MMU-present spte, addr 0x7000, hierarchy:',
      'kvm: ------ spte = 0x102800ee7 level = 2, rsvd bits = 0x800fc000001fe000',
    ),
  ),
  shows(
    'mmio-gen-hits-mmu-present',
    'public',
    'is',
    log({ kernel: '5.11.0-rc4', vendor: 'svm', mode: 'npt', physBits: 43, rawBits: 48 }, ...SEV_ES_DUMP),
    log(
      { kernel: '5.11.0-rc4', vendor: 'svm', mode: 'npt', physBits: 43, rawBits: 48 },
      ...SEV_ES_DUMP.slice(0, 4),
      '------ spte 0xff800ffc12017 level 1.',
    ),
  ),
  shows(
    'mmio-dump-root-level-5',
    'public',
    'is',
    log({ kernel: '5.10-rc5', vendor: 'vmx', mode: 'ept' }, ...LEVEL_5_DUMP),
    // The fifth level is a table.
    log(
      { kernel: '5.10-rc5', vendor: 'vmx', mode: 'ept' },
      ...LEVEL_5_DUMP.map((line) => line.replace('0xb80a0 level', '0x1db0b8107 level')),
    ),
  ),
  shows(
    'mmio-dump-pae-root',
    'public',
    'is',
    log({ kernel: '5.10-rc6', vendor: 'vmx', mode: 'shadow' }, ...PAE_DUMP),
    log(
      { kernel: '5.10-rc6', vendor: 'vmx', mode: 'shadow' },
      ...PAE_DUMP.map((line) => line.replace('0x8000030e', '0x8000001')),
    ),
  ),
  shows(
    'mmio-generation-upper-half',
    'public',
    'is',
    { ...on('5.10-rc5', 'vmx', 'ept'), sptes: [entry(0x1db00000000b83b6n, 1, 'mmio')] },
    { ...on('5.10-rc5', 'vmx', 'ept'), sptes: [entry(0x1d700000000b83b6n, 1, 'mmio')] },
  ),
  shows(
    'mmio-mask-overlaps-generation',
    'made',
    'is',
    {
      ...on('5.4.10', 'vmx', 'ept'),
      texts: ['get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
      sptes: [entry(0x38000000001006n, 1, 'leaf', 'ad-type-invalid', [52, 53])],
    },
    {
      ...on('5.4.10', 'vmx', 'ept'),
      sptes: [entry(0x38000000001006n, 1, 'leaf', 'ad-type-invalid', [52, 53])],
    },
  ),
  shows(
    'svm-mmio-mask-hits-c-bit',
    'made',
    'looks like',
    { ...on('5.4.100', 'svm', 'npt', { encryption: true }), sptes: [entry(0x8000000001001n, 1, 'mmio')] },
    { ...on('5.4.100', 'svm', 'npt', { encryption: false }), sptes: [entry(0x8000000001001n, 1, 'mmio')] },
  ),
  shows(
    'l1tf-split-on-amd',
    'made',
    'is',
    {
      ...on('5.6', 'svm', 'shadow', { encryption: true }),
      texts: ['get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
      sptes: [entry(0xf80000000100fn, 1, 'mmio', 'mmio-gfn-too-high', [43])],
    },
    {
      ...on('5.8', 'svm', 'shadow', { encryption: true }),
      sptes: [entry(0xf80000000100fn, 1, 'mmio', 'mmio-gfn-too-high', [43])],
    },
  ),
  shows(
    'l1tf-mmio-gfn',
    'made',
    'is',
    {
      ...on('4.18', 'vmx', 'ept', { l1tf: true }),
      sptes: [entry(0xf80000001006n, 1, 'mmio', 'mmio-gfn-too-high', [43])],
    },
    {
      ...on('4.19', 'vmx', 'ept', { l1tf: true }),
      sptes: [entry(0xf80000001006n, 1, 'mmio', 'mmio-gfn-too-high', [43])],
    },
  ),
  shows(
    'l1tf-cache-bits',
    'made',
    'is',
    {
      ...on('5.1', 'vmx', 'ept', { l1tf: true }),
      sptes: [entry(0x7c00001006n, 1, 'mmio', 'l1tf-guard-missing', [43])],
    },
    {
      ...on('5.4', 'vmx', 'ept', { l1tf: true }),
      sptes: [entry(0x7c00001006n, 1, 'mmio', 'l1tf-guard-missing', [43])],
    },
  ),
  shows(
    'mktme-keyid-not-reserved',
    'made',
    'is',
    {
      ...on('5.1', 'vmx', 'ept', { encryption: true }),
      sptes: [entry(0x4000000001006n, 1, 'mmio', 'encryption-bits', [50])],
    },
    {
      ...on('5.1', 'vmx', 'ept', { encryption: false }),
      sptes: [entry(0x4000000001006n, 1, 'mmio', 'encryption-bits', [50])],
    },
  ),
  shows(
    'mktme-keyid-unchecked',
    'made',
    'looks like',
    {
      ...on('5.15', 'vmx', 'ept', { encryption: true }),
      sptes: [entry(0x604000000001b77n, 1, 'leaf', 'encryption-bits', [50])],
    },
    {
      ...on('5.19', 'vmx', 'ept', { encryption: true }),
      sptes: [entry(0x604000000001b77n, 1, 'leaf', 'encryption-bits', [50])],
    },
  ),
  shows(
    'mmio-value-hits-l1tf-mask',
    'made',
    'could be',
    text('WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/spte.c:300 kvm_mmu_set_mmio_spte_mask+0x50/0x60 [kvm]'),
    text('WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/spte.c:300 kvm_mmu_set_ept_masks+0x50/0x60 [kvm]'),
  ),
  shows(
    'mmio-52bit-32bit-host',
    'made',
    'is',
    {
      ...on('5.4.10', 'svm', 'npt', { host32: true, physBits: 52 }),
      sptes: [entry(0x8000000001001n, 1, 'mmio')],
    },
    {
      ...on('5.4.10', 'svm', 'npt', { host32: true, physBits: 48 }),
      sptes: [entry(0x8000000001001n, 1, 'mmio')],
    },
  ),
  shows(
    'mmio-value-52bit-warning',
    'made',
    'could be',
    text('WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/mmu.c:290 kvm_mmu_set_mmio_spte_mask+0x50/0x60 [kvm]'),
    text('WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/mmu.c:290 kvm_mmu_set_mask_ptes+0x50/0x60 [kvm]'),
  ),
  shows(
    'bogus-mmio-spte',
    'made',
    'looks like',
    {
      ...on('5.12', 'vmx', 'ept', { mmioCaching: false }),
      sptes: [entry(0x1d700000000b83b0n, 1, 'unknown', 'not-an-spte', [4, 5])],
    },
    {
      ...on('5.12', 'vmx', 'ept', { mmioCaching: true }),
      sptes: [entry(0x1d700000000b83b0n, 1, 'unknown', 'not-an-spte', [4, 5])],
    },
  ),
  hidden('sev-es-without-mmio-caching', '5.19.1', '5.19.2'),
  shows(
    'memtype-hook-high-word',
    'public',
    'is',
    log(
      { kernel: '5.17.0-rc8+', vendor: 'svm', mode: 'npt' },
      'spte = 0xfffffc4465825, level = 1, rsvd bits = 0xffff000000000000',
    ),
    log(
      { kernel: '5.17.0-rc8+', vendor: 'svm', mode: 'npt' },
      'spte = 0xfffffc4465825, level = 1, rsvd bits = 0xf000000000000',
    ),
  ),
  shows(
    'tdp-leaf-at-wrong-level',
    'public',
    'is',
    log(EPT_6_1, ...CHANGED_SPLAT),
    // The same page stays.
    change(EPT_6_1, 0x600000112400bf3n, 0x6000001124009f3n, 2),
  ),
  shows(
    'writable-spte-clean',
    'made',
    'looks like',
    change(EPT_6_1, 0n, 0x6000001126009f3n, 2),
    change(EPT_6_1, 0n, 0x600000112600bf3n, 2),
  ),
  shows(
    'tdx-fault-on-present-private',
    'made',
    'could be',
    text('KVM_BUG_ON', 'RIP: 0010:tdx_sept_set_private_spte+0x10/0x20 [kvm_intel]'),
    text('KVM_BUG_ON', 'RIP: 0010:vmx_set_msr+0x10/0x20 [kvm_intel]'),
  ),
  shows(
    'present-spte-becomes-mmio',
    'made',
    'looks like',
    change({ kernel: '6.12.79', vendor: 'vmx', mode: 'shadow' }, 0x102867n | 0x600n, 0x8000000001001n, 1),
    change({ kernel: '6.12.79', vendor: 'vmx', mode: 'shadow' }, 0n, 0x8000000001001n, 1),
  ),
  shows(
    'zap-writes-plain-zero',
    'made',
    'looks like',
    { ...on('6.10-rc2', 'vmx', 'ept'), texts: [VE], sptes: [entry(0n, 1, 'empty')] },
    { ...on('6.10-rc2', 'vmx', 'ept'), texts: [VE], sptes: [entry(BIT_63, 1, 'empty')] },
  ),
  shows('prove-ve-kills-vm', 'made', 'could be', text(VE), text('KVM: unexpected exit reason 0x30')),
  shows(
    'lpage-stats-frozen',
    'made',
    'looks like',
    {
      ...on('5.14', 'vmx', 'ept'),
      texts: ['pages_2m 18446744073709551615'],
      sptes: [entry(0x5a0n, 2, 'frozen')],
    },
    { ...on('5.14', 'vmx', 'ept'), sptes: [entry(0x5a0n, 2, 'frozen')] },
  ),
  shows(
    'wrprot-type-on-pae',
    'made',
    'is',
    {
      ...on('5.12', 'svm', 'npt'),
      texts: ['get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
      sptes: [entry(0x20000000001067n, 1, 'leaf', 'reserved-bits', [53])],
    },
    {
      ...on('5.12', 'svm', 'npt'),
      texts: ['get_mmio_spte: detect reserved bits on spte, addr 0x1000, dump hierarchy:'],
      sptes: [entry(0x30000000001067n, 1, 'leaf', 'reserved-bits', [52, 53])],
    },
  ),
  shows(
    'gfn-beyond-maxphyaddr',
    'made',
    'is',
    {
      ...on('5.17', 'vmx', 'ept'),
      texts: UNINIT,
      sptes: [entry(0x400000001006n, 1, 'mmio', 'mmio-gfn-too-high', [46])],
    },
    { ...on('5.17', 'vmx', 'ept'), sptes: [entry(0x400000001006n, 1, 'mmio', 'mmio-gfn-too-high', [46])] },
  ),
  shows(
    'nested-npt32-pdpte',
    'made',
    'looks like',
    { ...on('5.10.36', 'svm', 'shadow'), sptes: [entry(0x1234n, 3, 'unknown', 'not-an-spte', [2])] },
    { ...on('5.10.37', 'svm', 'shadow'), sptes: [entry(0x1234n, 3, 'unknown', 'not-an-spte', [2])] },
  ),
  shows(
    'pae-root-c-bit',
    'made',
    'looks like',
    {
      ...on('5.12', 'svm', 'shadow', { encryption: true }),
      sptes: [entry(0x800000001027n, 3, 'table', 'encryption-bits', [47])],
    },
    {
      ...on('5.13', 'svm', 'shadow', { encryption: true }),
      sptes: [entry(0x800000001027n, 3, 'table', 'encryption-bits', [47])],
    },
  ),
  shows(
    'gpa-with-host-mask',
    'made',
    'looks like',
    {
      ...on('5.13', 'svm', 'shadow', { encryption: true }),
      sptes: [entry(0x800000100fn, 1, 'mmio', 'mmio-gfn-too-high', [47])],
    },
    {
      ...on('5.14', 'svm', 'shadow', { encryption: true }),
      sptes: [entry(0x800000100fn, 1, 'mmio', 'mmio-gfn-too-high', [47])],
    },
  ),
  shows(
    'la57-shadow-root',
    'made',
    'looks like',
    {
      ...on('5.15.6', 'svm', 'shadow', { levels: 5 }),
      sptes: [entry(0x1234n, 4, 'unknown', 'not-an-spte', [2])],
    },
    {
      ...on('5.15.6', 'svm', 'shadow', { levels: 4 }),
      sptes: [entry(0x1234n, 4, 'unknown', 'not-an-spte', [2])],
    },
  ),
  hidden('svm-refuses-5-level', '5.14', '5.15'),
  shows(
    'guest-pat-honoured',
    'made',
    'looks like',
    { ...on('6.11-rc3', 'vmx', 'ept'), sptes: [entry(0x600000455299b37n, 1, 'leaf')] },
    { ...on('6.10', 'vmx', 'ept'), sptes: [entry(0x600000455299b37n, 1, 'leaf')] },
  ),
  shows(
    'vga-range-cached',
    'made',
    'is',
    { ...on('6.12', 'vmx', 'ept'), sptes: [entry(0x6000000000a0b77n, 1, 'leaf')] },
    { ...on('6.12', 'vmx', 'ept'), sptes: [entry(0x6000000000c0b77n, 1, 'leaf')] },
  ),
  hidden('wrprot-keeps-mmu-writable', '5.15.16', '5.15.17'),
  shows(
    'changed-pte-keeps-mmu-writable',
    'made',
    'looks like',
    {
      ...on('5.16', 'vmx', 'ept'),
      texts: ['MMU-writable SPTE is not Host-writable: 400000455299b75'],
      sptes: [entry(0x400000455299b75n, 1, 'leaf', 'invariant.mmu-without-host-writable', [57, 58])],
    },
    {
      ...on('5.16', 'vmx', 'ept'),
      sptes: [entry(0x400000455299b75n, 1, 'leaf', 'invariant.mmu-without-host-writable', [57, 58])],
    },
  ),
  hidden('volatile-bits-lost', '5.15.215', '5.19'),
  hidden('dirty-log-enable-no-flush', '5.19.9', '5.19.10'),
  shows(
    'l2-writes-not-logged',
    'made',
    'is',
    change({ kernel: '6.6.28', vendor: 'vmx', mode: 'ept' }, 0x620000455299b77n, 0x620000455299977n, 1),
    change({ kernel: '6.6.28', vendor: 'vmx', mode: 'ept' }, 0x600000455299b77n, 0x600000455299977n, 1),
  ),
  hidden('atomic-emulation-not-dirty', '6.1.83', '6.1.84'),
  shows(
    'age-clears-dirty',
    'made',
    'is',
    change({ kernel: '5.12', vendor: 'vmx', mode: 'ept' }, 0xc00000455299377n, 0xc00000455299077n, 1),
    change({ kernel: '5.12', vendor: 'vmx', mode: 'ept' }, 0xc00000455299377n, 0xc00000455299277n, 1),
  ),
  hidden('nested-write-unsync-skipped', '6.1.119', '6.1.120'),
  shows(
    'write-track-other-as',
    'made',
    'could be',
    text('RIP: 0010:pte_list_remove+0x20/0x30 [kvm]'),
    text('RIP: 0010:pte_list_add+0x20/0x30 [kvm]'),
  ),
  shows(
    'shadow-uaf-gfn',
    'made',
    'could be',
    text(...REVERSE_MAP),
    text('BUG: KASAN: use-after-free in ext4_read'),
  ),
  shows('shadow-uaf-role', 'made', 'could be', text(...REVERSE_MAP), text('rmap_remove+0x30/0x60 [kvm]')),
  shows(
    'fault-into-invalid-root',
    'made',
    'could be',
    text('list_add corruption. prev->next should be next', 'kvm_mmu_get_shadow_page+0x10/0x20 [kvm]'),
    text('list_add corruption. prev->next should be next', 'ext4_read+0x10/0x20'),
  ),
  shows(
    'invalid-child-role',
    'made',
    'is',
    log(
      { kernel: '6.12.103', vendor: 'vmx', mode: 'ept' },
      'kvm_mmu_get_page: sp gen 0 gfn 10 l1 8-byte q0 direct --x invalid nxe ad root 0 sync new',
    ),
    log(
      { kernel: '6.12.103', vendor: 'vmx', mode: 'ept' },
      'kvm_mmu_get_page: sp gen 0 gfn 10 l1 8-byte q0 direct --x nxe ad root 0 sync new',
    ),
  ),
  hidden('walk-of-invalid-root', '7.2.9', '7.2.10'),
  shows(
    'collapse-oob',
    'made',
    'could be',
    text(
      'BUG: unable to handle page fault for address: ffffc90000000000',
      ' kvm_mmu_max_mapping_level+0x10/0x20 [kvm]',
      ' kvm_mmu_recover_huge_pages+0x10/0x20 [kvm]',
    ),
    text(' kvm_mmu_max_mapping_level+0x10/0x20 [kvm]', ' kvm_mmu_recover_huge_pages+0x10/0x20 [kvm]'),
  ),
  shows(
    'cache-uaf-reload',
    'made',
    'could be',
    text('BUG: KASAN: slab-use-after-free in kvm_mmu_vendor_module_init+0x10/0x20 [kvm]'),
    text('BUG: KASAN: slab-use-after-free in kvm_vendor_module_init+0x10/0x20 [kvm]'),
  ),
  shows(
    'attributes-oob',
    'made',
    'could be',
    text('BUG: KASAN: vmalloc-out-of-bounds in hugepage_has_attrs+0x10/0x20 [kvm]'),
    text('WARNING: at hugepage_has_attrs+0x10/0x20 [kvm]'),
  ),
  hidden('hugepage-while-attributes-change', '6.12.29', '6.12.30'),
  shows('tdp-iterator-skips', 'public', 'could be', text(...UNINIT), text(UNINIT[1] ?? '')),
  shows(
    'invalid-roots-keep-pages',
    'made',
    'could be',
    text(
      'WARNING: at kvm_is_zone_device_pfn.part.0+0x10/0x20 [kvm]',
      ' kvm_tdp_mmu_zap_invalidated_roots+0x10/0x20 [kvm]',
    ),
    text(' kvm_tdp_mmu_zap_invalidated_roots+0x10/0x20 [kvm]'),
  ),
  shows(
    'zap-all-leaks-tables',
    'made',
    'could be',
    text('BUG kvm_mmu_page_header: Objects remaining in kvm_mmu_page_header on __kmem_cache_shutdown()'),
    text('BUG pte_list_desc: Objects remaining in pte_list_desc on __kmem_cache_shutdown()'),
  ),
  shows(
    'page-fault-races-zap',
    'public',
    'could be',
    text(...NESTED_BUG),
    text('pte_list_remove: 00000000cd54fc10 0->BUG'),
  ),
  hidden('stale-fault-forever', '6.1.49', '6.1.50'),
  hidden('notifier-one-address-space', '6.1.55', '6.1.56'),
  hidden('roots-dropped-too-early', '6.1.49', '6.1.50'),
  shows(
    'nx-recovery-thread-missing',
    'made',
    'could be',
    text(
      'BUG: kernel NULL pointer dereference, address: 0000000000000040',
      ' set_nx_huge_pages_recovery_param+0x10/0x20 [kvm]',
    ),
    text(
      'BUG: kernel NULL pointer dereference, address: 0000000000000048',
      ' set_nx_huge_pages_recovery_param+0x10/0x20 [kvm]',
    ),
  ),
  hidden('nx-recovery-wrong-slot', '6.3', '6.4'),
  shows(
    'nx-huge-pages-auto',
    'made',
    'could be',
    text(
      'UBSAN: invalid-load in kernel/params.c:320:33',
      "load of value 255 is not a valid value for type '_Bool'",
    ),
    text(
      'UBSAN: invalid-load in kernel/params.c:320:33',
      "load of value 2 is not a valid value for type '_Bool'",
    ),
  ),
  hidden('zap-newest', '5.10.18', '5.10.19'),
  hidden('yield-before-flush', '5.10.29', '5.10.30'),
  hidden('flush-wrong-range', '5.15.6', '5.15.7'),
  hidden('zap-blocks-no-faults', '6.0.8', '6.0.9'),
  hidden('collapse-wrong-test', '5.10.14', '5.10.15'),
  shows(
    'invalid-slot-as-mmio',
    'made',
    'is',
    change({ kernel: '5.12', vendor: 'vmx', mode: 'ept' }, 0xc00000455299377n, 0x30000000001006n, 1),
    change({ kernel: '5.13', vendor: 'vmx', mode: 'ept' }, 0x600000455299b77n, 0x1006n, 1),
  ),
  hidden('fixed-fault-reported-retry', '5.13', '5.14'),
  hidden('nested-npt-guest-mode', '6.12.15', '6.12.16'),
  hidden('prev-roots-stale', '5.18.3', '5.18.4'),
  hidden('smm-mmu-not-reset', '5.10.45', '5.10.46'),
  shows(
    'invpcid-null',
    'made',
    'could be',
    text(
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      ' kvm_handle_invpcid+0x10/0x20 [kvm]',
    ),
    text('BUG: kernel NULL pointer dereference, address: 0000000000000000', ' kvm_handle_cr+0x10/0x20 [kvm]'),
  ),
  shows(
    'gpte-update-wrong-page',
    'made',
    'could be',
    text('RIP: 0010:paging64_cmpxchg_gpte+0x10/0x20 [kvm]'),
    text('RIP: 0010:paging64_walk_addr+0x10/0x20 [kvm]'),
  ),
  hidden('nonrefcounted-pages', '5.12', '5.13'),
  shows(
    'inherited-permissions',
    'made',
    'looks like',
    {
      ...on('5.10.43', 'vmx', 'shadow'),
      sptes: [entry(0x102861n, 2, 'table', 'table-permissions-missing', [1, 2])],
    },
    {
      ...on('5.10.44', 'vmx', 'shadow'),
      sptes: [entry(0x102861n, 2, 'table', 'table-permissions-missing', [1, 2])],
    },
  ),
  hidden('shadow-root-error-lost', '5.16.12', '5.16.13'),
  shows(
    'zapped-count-lost',
    'made',
    'could be',
    text('watchdog: BUG: soft lockup - CPU#3 stuck for 23s!', ' kvm_mmu_zap_all_fast+0x10/0x20 [kvm]'),
    text('watchdog: BUG: soft lockup - CPU#3 stuck for 23s!', ' workingset_activation+0x10/0x20'),
  ),
  shows(
    'free-special-root',
    'made',
    'could be',
    text('RIP: 0010:mmu_free_root_page+0x10/0x20 [kvm]'),
    text('RIP: 0010:mmu_free_pae_root+0x10/0x20 [kvm]'),
  ),
  shows(
    'emulate-write-to-own-table',
    'made',
    'could be',
    { ...on('6.1.159', 'vmx', 'shadow'), texts: ['KVM internal error: emulation failure'] },
    { ...on('6.1.160', 'vmx', 'shadow'), texts: ['KVM internal error: emulation failure'] },
  ),
  hidden('ept-violation-gva-bit', '6.12.58', '6.12.59'),
  shows(
    'zone-device-leak',
    'made',
    'could be',
    text(' dev_pagemap_cleanup+0x10/0x20'),
    text(' dev_pagemap_percpu_exit+0x10/0x20'),
  ),
  hidden('memslot-zap-only-relevant', '5.2.10', '5.2.11'),
  hidden('nx-recovery-uncommitted', '5.9.1', '5.9.2'),
  shows(
    'lookalike-esxi-no-ad',
    'public',
    'is',
    log(
      { kernel: '6.6.48', vendor: 'vmx', mode: 'ept' },
      'fast_page_fault: vcpu 0 gva 113000 error_code P|W sptep 00000000dbce34f4 old 0x61000034d4fe877 new 61000034d4fe877 spurious 1 fixed 0',
    ),
    log(
      { kernel: '6.6.48', vendor: 'vmx', mode: 'ept' },
      'fast_page_fault: vcpu 0 gva 113000 error_code P|W sptep 00000000dbce34f4 old 0x61000034d4fe875 new 61000034d4fe877 spurious 0 fixed 1',
    ),
  ),
  shows(
    'lookalike-kvmi',
    'public',
    'is',
    log({ kernel: '5.4', vendor: 'vmx', mode: 'ept' }, ...KVMI_DUMP),
    log(
      { kernel: '5.4', vendor: 'vmx', mode: 'ept' },
      ...KVMI_DUMP.map((line) => line.replace('0x1000005d48fc76', '0x1000005d48fc77')),
    ),
  ),
  shows(
    'lookalike-unwalked-level',
    'public',
    'is',
    log({ kernel: '5.10-rc6', vendor: 'vmx', mode: 'shadow' }, ...PAE_DUMP),
    log({ kernel: '5.10-rc6', vendor: 'vmx', mode: 'shadow' }, ...PAE_DUMP.slice(1)),
  ),
  shows(
    'lookalike-generation-wrap',
    'made',
    'could be',
    text('kvm [1234]: zapping shadow pages for mmio generation wraparound'),
    text('kvm [1234]: zapping shadow pages'),
  ),
  hidden('lookalike-nested-vept-ad', '6.8', ''),
];
