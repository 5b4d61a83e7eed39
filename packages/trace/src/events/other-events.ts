// SPDX-License-Identifier: GPL-2.0-only
import { type Pattern, pattern } from './pattern.ts';

/*
 * What tracepoints of `kvm` print that show no entry and no fault, but tell what happened around them, 5.4 to 7.3. Those
 * who annotate entries pass these lines through.
 */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  // The type may be lost where `hash-ptr` is off.
  kvm_mmio: ['mmio {type:s len} len {len:d} gpa {gpa:x} val {val:x}'],
  kvm_fast_mmio: ['fast mmio at gpa {gpa:x}'],
  // The comma is missing where libtraceevent's plugin prints it.
  kvm_entry: ['vcpu {vcpu:d}'],
  kvm_pml_full: ['vcpu {vcpu:d}: PML full'],
  kvm_unmap_hva_range: ['mmu notifier unmap range: {start:x} -- {end:x}'],
  kvm_age_hva: ['mmu notifier age hva: {start:x} -- {end:x}'],
  kvm_test_age_hva: ['mmu notifier test age hva: {hva:x}'],
  kvm_set_spte_hva: ['mmu notifier set pte hva: {hva:x}'],
  // Up to 5.12.
  kvm_age_page: ['hva {hva:x} gfn {gfn:x} level {level:d} {state:w}'],
  kvm_dirty_ring_push: [
    'ring {index:d}: dirty {dirty:x} reset {reset:x} slot {slot:d} offset {offset:x} (used {used:d})',
  ],
};

/** The patterns of these events, by name. */
export const OTHER_EVENTS: ReadonlyMap<string, readonly Pattern[]> = new Map(
  Object.entries(EVENTS).map(([event, forms]) => [event, forms.map(pattern)]),
);
