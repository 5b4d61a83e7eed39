// SPDX-License-Identifier: GPL-2.0-only
import { type Pattern, pattern } from './pattern.ts';

/*
 * What the tracepoints of `kvmmmu` print after `event: `, and those of `kvm` about exits and faults, 5.4 to 7.3. Where forms differ by kernel or by tracer, they
 * are listed one after the other; the first that fits counts.
 */

/** Kernel: `KVM_MMU_PAGE_PRINTK()`. 7.2 prints four letters of access. */
const PAGE =
  'sp gen {gen:d} gfn {gfn:x} l{level:d} {gpte_size:d}-byte q{quadrant:d}{direct? direct} {access:w}{invalid? invalid} {nxe:w} {ad:w} root {root_count:d} {sync:w}';

/** The same by libtraceevent's KVM plugin, which reads the role word by a layout of old. */
const PLUGIN_PAGE =
  '{level:d} q{quadrant:d}{direct? direct} {access:w}{invalid? invalid} {pae:w} {nxe:w} {wp:w}{smep? smep}{smap? smap}{smm? smm} root {root_count:d} {sync:w}';

const EXIT = 'vcpu {vcpu:d} reason {reason:s rip} rip {rip:x}';

const page = [PAGE, PLUGIN_PAGE];

const EVENTS: Readonly<Record<string, readonly string[]>> = {
  // Letters r w x, and u where there is a user mask; `at` is missing in excerpts.
  kvm_mmu_set_spte: ['gfn {gfn:x} spte {spte:spte} ({access:c}) level {level:d}[ at {at:x}]'],
  mark_mmio_spte: ['sptep:{sptep:p} gfn {gfn:x} access {access:x} gen {gen:x}'],
  handle_mmio_page_fault: ['addr:{addr:x} gfn {gfn:x} access {access:x}'],
  check_mmio_spte: ['spte {spte:spte} kvm_gen {kvm_gen:x} spte-gen {spte-gen:x} valid {valid:d}'],
  fast_page_fault: [
    'vcpu {vcpu:d} gva {gva:x} error_code {error_code:e} sptep {sptep:p} old {old:old} new {new:new} spurious {spurious:d} fixed {fixed:d}',
  ],
  kvm_tdp_mmu_spte_changed: [
    'as id {as_id:d} gfn {gfn:x} level {level:d} old_spte {old_spte:old} new_spte {new_spte:new}',
  ],
  kvm_mmu_split_huge_page: ['gfn {gfn:x} spte {spte:spte} level {level:d} errno {errno:d}'],
  // The access that is asked for: since 7.2.
  kvm_mmu_spte_requested: ['gfn {gfn:x} pfn {pfn:x} level {level:d}[ access {access:x}]'],
  kvm_mmu_get_page: [`${PAGE} {created:w}`, `{created:w} sp gfn {gfn:x} ${PLUGIN_PAGE}`],
  kvm_mmu_prepare_zap_page: page,
  kvm_mmu_sync_page: page,
  kvm_mmu_unsync_page: page,
  kvm_mmu_pagetable_walk: ['addr {addr:x} pferr {pferr:x} {error_code:e}'],
  kvm_mmu_paging_element: ['pte {pte:guest} level {level:d}'],
  kvm_mmu_walker_error: ['pferr {pferr:x} {error_code:e}'],
  kvm_mmu_set_accessed_bit: ['gpa {gpa:x}'],
  kvm_mmu_set_dirty_bit: ['gpa {gpa:x}'],
  kvm_mmu_zap_all_fast: ['kvm-mmu-valid-gen {gen:d} used_pages {used_pages:x}'],

  // The reason may have blanks, and is lost where `hash-ptr` is off. Requests: since 6.14. Then 5.4, and the plugin of
  // libtraceevent, which leaves words out.
  kvm_exit: [
    `${EXIT} info1 {info1:x} info2 {info2:x} intr_info {intr_info:x} error_code {error_code:x}[ requests {requests:x}]`,
    `${EXIT} info {info1:x} {info2:x}`,
    'reason {reason:s rip} rip {rip:x} info {info1:x} {info2:x}',
  ],
  // Since 6.1, and before.
  kvm_page_fault: [
    'vcpu {vcpu:d} rip {rip:x} address {address:x} error_code {error_code:x}',
    'address {address:x} error_code {error_code:x}',
  ],

  // Probes, as `name=value` behind the place that they are set at.
  kvm_mmio_spte: ['({place:c}) spte={spte:spte}'],
  kvm_acctrack_old: ['({place:c}) old={old:old}'],
  kvm_acctrack_new: ['({place:c}) new={new:new}'],
  kvm_changed_spte: [
    '({place:c}) as_id={as_id:d} gfn={gfn:x} old_spte={old_spte:old} new_spte={new_spte:new} level={level:d}',
  ],
  kvm_svm_root: ['({place:c}) vcpu={vcpu:p} root={root:x} level={level:d}'],
  kvm_vmx_root: ['({place:c}) vcpu={vcpu:p} root={root:x} level={level:d}'],
  kvm_eptp: ['({place:c}) eptp={eptp:x}'],
};

/** The patterns of every event, by its name. */
export const TRACE_EVENTS: ReadonlyMap<string, readonly Pattern[]> = new Map(
  Object.entries(EVENTS).map(([event, forms]) => [event, forms.map(pattern)]),
);
