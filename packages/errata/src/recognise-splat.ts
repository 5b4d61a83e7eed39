// SPDX-License-Identifier: GPL-2.0-only

/** What the kernel complained of. */
export type SplatKind =
  | 'KASAN'
  | 'UBSAN'
  | 'list corruption'
  | 'soft lockup'
  | 'NULL pointer'
  | 'page fault'
  | 'BUG'
  | 'WARNING'
  | 'leaked objects'
  | 'reverse map';

/** A splat of the kernel log. */
export interface Splat {
  readonly kind: SplatKind;
  /** The function that it is about: of KVM's MMU if there is one in it, else where the kernel stood; null for none. */
  readonly where: string | null;
  /** The place in the source, as `arch/x86/kvm/mmu/mmu.c:963`; null where it does not say. */
  readonly source: string | null;
  /** Whether it is one of KVM's MMU. */
  readonly isMmu: boolean;
}

/** What each kind begins with, the most telling first: a list corruption also prints `kernel BUG at`. */
const STARTS: readonly (readonly [SplatKind, string])[] = [
  ['KASAN', 'BUG: KASAN: '],
  ['UBSAN', 'UBSAN: '],
  ['list corruption', 'list_add corruption'],
  ['list corruption', 'list_del corruption'],
  ['soft lockup', 'BUG: soft lockup'],
  ['NULL pointer', 'BUG: kernel NULL pointer dereference'],
  ['page fault', 'BUG: unable to handle page fault'],
  ['leaked objects', 'Objects remaining in '],
  ['BUG', 'kernel BUG at '],
  ['BUG', 'KVM_BUG_ON'],
  ['WARNING', 'WARNING: '],
  ['reverse map', 'pte_list_remove: '],
];

/** Whether a splat begins with this line, or is named in it. */
export function beginsSplat(line: string): boolean {
  return STARTS.some(([, start]) => line.includes(start));
}

/** Files of the MMU: `arch/x86/kvm/mmu/`, and `mmu.c` and `paging_tmpl.h` of kernels before 5.8. */
const SOURCE = /\barch\/x86\/kvm\/[\w/.-]{1,60}:\d{1,6}/;
const MMU_SOURCE = /^arch\/x86\/kvm\/(?:mmu\/|mmu\.c|paging_tmpl\.h)/;

/** How functions of the MMU begin, or what is in their names. */
const MMU_NAMES: readonly string[] = [
  'kvm_mmu_',
  'kvm_tdp_mmu_',
  'tdp_mmu_',
  'kvm_tdp_page_fault',
  'direct_page_fault',
  'pte_list_',
  'mmu_spte_',
  'mmu_set_spte',
  'mmu_page_',
  'mmu_free_',
  'mark_mmio_spte',
  'make_spte',
  'make_mmio_spte',
  'get_mmio_spte',
  'drop_spte',
  'drop_large_spte',
  'handle_changed_spte',
  '__handle_changed_spte',
  'rmap_',
  '__rmap_',
  'kvm_zap_',
  '__kvm_mmu_',
  'kvm_age_',
  'kvm_unmap_gfn_range',
  'kvm_rmap_',
  'hugepage_has_attrs',
  'slot_rmap_',
  'walk_shadow_page_',
  'shadow_mmu_',
  'fast_page_fault',
  'fast_pf_',
  'ept_page_fault',
  'paging64_',
  'paging32_',
];

/** `make_spte+0x327/0x340`, also `make_spte.cold.160+0x51/0x5f`. */
const PLACE = /\b([a-zA-Z_]\w{0,80}(?:\.[a-z]\w{0,20}){0,3}(?:\.\d{1,6})?)\+0x[\da-f]{1,8}\/0x/;

/** A line is looked at so far: those of the kernel are much shorter. */
const MAX_LINE = 512;

const isMmuFunction = (name: string): boolean => MMU_NAMES.some((start) => name.startsWith(start));

/** The function that a line names, without what the compiler puts behind it. */
function functionOf(line: string): string | null {
  const [, place] = PLACE.exec(line) ?? [];
  return place?.split('.')[0] ?? null;
}

/** The slab or function that a kind names itself. */
const NAMED = /(?:remaining in |BUG: KASAN: [\w-]{1,40} in )([a-zA-Z_]\w{0,80})/;

/**
 * What a splat of the kernel log is: its kind, the function that it is about, and whether that is one of KVM's MMU. A
 * splat may have no entry in its text.
 *
 * @param lines the lines of one splat, as they came
 * @returns null where nothing in them begins a splat
 *
 * @example
 * ```ts
 * import { recogniseSplat } from '@spte/errata';
 *
 * const splat = recogniseSplat([
 *   'kernel BUG at arch/x86/kvm/mmu/mmu.c:963!',
 *   'RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]',
 * ]);
 * splat; // { kind: 'BUG', where: 'pte_list_remove', source: 'arch/x86/kvm/mmu/mmu.c:963', isMmu: true }
 * recogniseSplat(['BUG: KASAN: slab-use-after-free in ext4_read+0x1/0x20'])?.isMmu; // false
 * ```
 *
 * @example
 * ```ts
 * import { recogniseSplat } from '@spte/errata';
 *
 * const splat = recogniseSplat([
 *   'WARNING: CPU: 3 PID: 2041 at arch/x86/kvm/mmu/spte.c:209 make_spte+0x2b1/0x3a0 [kvm]',
 * ]);
 * [splat?.kind, splat?.where, splat?.isMmu]; // [ 'WARNING', 'make_spte', true ]
 * recogniseSplat(['kvm: exiting hardware virtualization']); // null
 * ```
 */
export function recogniseSplat(lines: readonly string[]): Splat | null {
  const cut = lines.map((line) => line.slice(0, MAX_LINE));
  const [kind] = STARTS.find(([, start]) => cut.some((line) => line.includes(start))) ?? [];
  if (kind === undefined) return null;
  const sources = cut.flatMap((line) => SOURCE.exec(line)?.[0] ?? []);
  const source = sources.find((of) => MMU_SOURCE.test(of)) ?? sources[0] ?? null;
  const functions = cut.flatMap((line) => [NAMED.exec(line)?.[1] ?? [], functionOf(line) ?? []].flat());
  const mmu = functions.find(isMmuFunction);
  return {
    kind,
    where: mmu ?? functions[0] ?? null,
    source,
    isMmu: mmu !== undefined || kind === 'reverse map' || (source !== null && MMU_SOURCE.test(source)),
  };
}
