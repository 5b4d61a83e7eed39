// SPDX-License-Identifier: GPL-2.0-only
import { type Pattern, pattern } from './pattern.ts';

/** A text of the kernel log. */
export interface LogText {
  /** The function of the kernel that writes it. */
  readonly event: string;
  /** How it begins, `kvm: ` (since 6.3) and the name of a function that changed left out. */
  readonly start: string;
  readonly pattern: Pattern;
  /** Whether it begins a block of lines, goes on with one, or ends one if one has begun. */
  readonly block: 'begins' | 'continues' | 'ends' | null;
  /** Whether the line only says in words what a later line of its block shows: it has no record of its own. */
  readonly prose: boolean;
}

const text = (event: string, source: string, block: LogText['block'] = null): LogText => ({
  event,
  start: source.split('{', 1).join(),
  pattern: pattern(source),
  block,
  prose: !source.includes('{'),
});

/** The first that fits counts. */
export const LOG_TEXTS: readonly LogText[] = [
  // The message has four lines, of which the third is "different PFN!".
  text('handle_changed_spte', 'Invalid SPTE change: cannot replace a present leaf', 'begins'),
  text('handle_changed_spte', 'SPTE with another present leaf SPTE mapping a', 'continues'),
  text('get_mmio_spte', 'reserved bits set on MMU-present spte, addr {addr:x}, hierarchy:', 'begins'),
  // Up to 5.12; in walk_shadow_page_get_mmio_spte() up to 5.9.
  text('get_mmio_spte', 'detect reserved bits on spte, addr {addr:x}, dump hierarchy:', 'begins'),
  text(
    'get_mmio_spte',
    '------ spte = {spte:hierarchy} level = {level:d}, rsvd bits = {rsvd_bits:x}',
    'continues',
  ),
  text('get_mmio_spte', '------ spte {spte:hierarchy} level {level:d}', 'continues'),
  text('make_spte', 'spte = {spte:spte}, level = {level:d}, rsvd bits = {rsvd_bits:x}'),
  text(
    'handle_changed_spte',
    'as_id: {as_id:d} gfn: {gfn:x} old_spte: {old_spte:old} new_spte: {new_spte:new} level: {level:d}',
    'ends',
  ),
  text(
    'kvm_mmu_check_sptes_at_free',
    'SPTE {spte:spte} (@ {sptep:p}) for gfn {gfn:x} shadow-present at free',
  ),
  text('check_spte_writable_invariants', 'MMU-writable SPTE is not Host-writable: {spte:spte}'),
  text('check_spte_writable_invariants', 'Writable SPTE is not MMU-writable: {spte:spte}'),
];
