// SPDX-License-Identifier: GPL-2.0-only
import type { SpteKind } from '../mmu/entry-kind.ts';
import type { PlainEventCode } from './change-events.ts';

/** One thing that KVM, or the CPU, does to an entry, and the function that does it. */
export interface Step {
  readonly event: PlainEventCode;
  readonly by: string;
}

/** What entries of some kinds become, in one change. */
export interface Transition {
  readonly from: readonly SpteKind[];
  readonly to: readonly SpteKind[];
  readonly steps: readonly Step[];
  /** Whether TLBs may hold what goes. */
  readonly flush: boolean;
}

const LEAVES: readonly SpteKind[] = ['leaf', 'tracked'];

const step = (event: PlainEventCode, by: string): Step => ({ event, by });

const zap = step('zap', 'mmu_spte_clear_track_bits');
const unlink = step('unlink-table', 'handle_removed_pt');
const freeze = step('freeze', 'tdp_mmu_zap_spte_atomic');
const unfreeze = step('unfreeze', '__kvm_tdp_mmu_write_spte');
const map = step('fault-in', 'make_spte');
const link = step('link-table', 'make_nonleaf_spte');
const cache = step('cache-mmio', 'make_mmio_spte');

/**
 * Every change from one kind of entry to another. What is not here KVM does not do: it does not replace what is not
 * present by something else that is not, and it unlinks a table before it links another.
 *
 * Mappings that stay mappings, tables that stay tables and MMIO entries that stay MMIO entries are changed bit by bit:
 * see `changes-in-place.ts`.
 *
 * Kernel: `handle_changed_spte()`, `mmu_set_spte()`.
 */
export const transitions: readonly Transition[] = [
  { from: ['empty', 'mmio'], to: LEAVES, steps: [map], flush: false },
  { from: ['empty', 'mmio'], to: ['table'], steps: [link], flush: false },
  { from: ['empty'], to: ['mmio'], steps: [cache], flush: false },
  { from: ['mmio'], to: ['empty'], steps: [step('zap', 'mmu_spte_clear_no_track')], flush: false },
  { from: ['empty', 'mmio'], to: ['frozen'], steps: [freeze], flush: false },

  { from: ['leaf'], to: ['empty'], steps: [zap], flush: true },
  { from: ['leaf'], to: ['mmio'], steps: [zap, cache], flush: true },
  { from: ['leaf'], to: ['table'], steps: [step('split', 'make_nonleaf_spte')], flush: true },
  { from: ['leaf'], to: ['frozen'], steps: [freeze], flush: true },

  // No TLB holds anything of a tracked page: it grants nothing.
  { from: ['tracked'], to: ['empty'], steps: [zap], flush: false },
  { from: ['tracked'], to: ['mmio'], steps: [zap, cache], flush: false },
  { from: ['tracked'], to: ['table'], steps: [step('split', 'make_nonleaf_spte')], flush: false },
  { from: ['tracked'], to: ['frozen'], steps: [freeze], flush: false },

  { from: ['table'], to: ['empty'], steps: [unlink], flush: true },
  { from: ['table'], to: ['mmio'], steps: [unlink, cache], flush: true },
  { from: ['table'], to: LEAVES, steps: [step('collapse', 'make_spte')], flush: true },
  { from: ['table'], to: ['frozen'], steps: [freeze], flush: true },

  { from: ['frozen'], to: ['empty'], steps: [unfreeze], flush: false },
  { from: ['frozen'], to: LEAVES, steps: [unfreeze, map], flush: false },
  { from: ['frozen'], to: ['table'], steps: [unfreeze, link], flush: false },
  { from: ['frozen'], to: ['mmio'], steps: [unfreeze, cache], flush: false },
];
