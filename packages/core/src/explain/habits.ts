// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { isPresentKind } from '../read/spte-kind.ts';

/** An entry that makes sense in a context, as that reads it. */
export interface ReadEntry {
  readonly value: bigint;
  readonly kind: SpteKind;
  /** How often such an entry was seen. */
  readonly count: number;
}

/** How many entries are not as KVM writes them. */
type Habit = (mmu: Mmu, read: readonly ReadEntry[]) => number;

const total = (read: readonly ReadEntry[]): number => read.reduce((sum, { count }) => sum + count, 0);

/** An entry of the CPU's own tables says that its A/D bits are used where they are, and else that they are not. */
const adType: Habit = ({ masks, layout, vendor }, read) => {
  if (!masks.tdpEnabled || vendor.format.name !== 'ept') return 0;
  const usual = masks.kvmAdEnabled ? 0n : 1n << layout.adType.shift;
  return total(
    read.filter(
      ({ value, kind }) => isPresentKind(kind) && kind !== 'table' && (value & layout.adType.mask) !== usual,
    ),
  );
};

/** Mappings of which some are a kernel's, in all likelihood, where there are pages of a kernel. */
const MANY = 64;

/** All that NPT maps is a user's to the CPU. In shadow paging the guest's kernel has pages of its own. */
const userAccess: Habit = ({ masks, vendor }, read) => {
  if (vendor.format.name === 'ept') return 0;
  const leaves = read.filter(({ kind }) => isPresentKind(kind) && kind !== 'table');
  const kernels = leaves.filter(({ value }) => (value & masks.user) === 0n);
  if (masks.tdpEnabled) return total(kernels);
  return kernels.length === 0 && total(leaves) >= MANY ? total(leaves) : 0;
};

/** Where the bits that L1TF inverts are: below bit 44, or below bit 46. */
const GUARDS: readonly bigint[] = [0x1fn << 39n, 0x1fn << 41n];

/** A gfn in the last 32nd of all that there can be, in every MMIO entry, is no gfn: the CPU has L1TF. */
const noGuard: Habit = ({ masks }, read) => {
  const mmio = read.filter(({ kind }) => kind === 'mmio');
  if (masks.nonpresentOrRsvd !== 0n) return 0;
  return Math.max(...GUARDS.map((guard) => total(mmio.filter(({ value }) => (value & guard) === guard))));
};

/** Where the host's own encryption bit may be. */
const C_BITS: readonly bigint[] = [1n << 47n, 1n << 51n];

/** An address bit that every entry has is no address bit: the host encrypts its memory. */
const noEncryption: Habit = ({ masks, vendor }, read) => {
  if (masks.meMask !== 0n || vendor.name !== 'svm') return 0;
  const present = read.filter(({ kind }) => isPresentKind(kind));
  const everywhere = C_BITS.some((bit) => present.every(({ value }) => (value & bit) !== 0n));
  return everywhere ? total(present) : 0;
};

/** That a host encrypts its memory is seen in its entries. */
const unseenEncryption: Habit = ({ masks }, read) =>
  masks.meMask === 0n || read.some(({ value, kind }) => isPresentKind(kind) && (value & masks.meMask) !== 0n)
    ? 0
    : 1;

const HABITS: readonly Habit[] = [adType, userAccess, noGuard, noEncryption, unseenEncryption];

/**
 * How many entries that make sense in a context are not as KVM writes them there: an A/D type that this machine does not
 * use, pages without user access in NPT, bits that would be there if the host encrypted its memory or had the L1TF bug. Of
 * contexts in which all entries make sense, the one with the fewest is the likeliest.
 *
 * @param read what the context makes of the entries that have no finding there
 */
export function countUnusual(mmu: Mmu, read: readonly ReadEntry[]): number {
  return HABITS.reduce((sum, habit) => sum + habit(mmu, read), 0);
}
