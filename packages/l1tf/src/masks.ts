// SPDX-License-Identifier: GPL-2.0-only
import {
  bits,
  defineVariant,
  type HostFacts,
  type KernelVersion,
  rowSince,
  u64,
  type Variant,
} from '@spte/core';

/** How many address bits KVM forces to one. Kernel: `SHADOW_NONPRESENT_OR_RSVD_MASK_LEN`. */
export const NONPRESENT_OR_RSVD_LEN = 5;

const LEN = BigInt(NONPRESENT_OR_RSVD_LEN);

/** The lowest address bit of an entry. */
export const LOWEST_ADDRESS_BIT = 12;

/** Address bits that a page table entry has at most. */
const ENTRY_PHYS_BITS = 52;

/** The two masks that guard a machine against L1TF. */
export interface L1tfMasks {
  /** Address bits that are forced to one in an entry that is not present; 0 without a guard. */
  readonly nonpresentOrRsvd: bigint;
  /** Address bits, from 12 up, that stay in their place. */
  readonly lowerGfn: bigint;
}

/** Which CPUs L1TF is guarded against on, if their cache allows it. */
export type GuardedCpus = 'none' | 'all' | 'with the bug';

const ALL = {
  value: 'all',
  change: 'every CPU with fewer than 47 cache bits: MMIO entries show the guard anywhere',
} as const;
const WITH_THE_BUG = {
  value: 'with the bug',
  change: 'only CPUs with the bug',
  commits: ['d43e2675e96f'],
} as const;

/** Which CPUs get a guard. */
export const guardedCpus: Variant<GuardedCpus> = defineVariant<GuardedCpus>(
  'which CPUs L1TF is guarded against on',
  { since: '3.10', value: 'none', change: 'none: MMIO entries hold the gfn as it is (3.10 of RHEL 7)' },
  rowSince('3.11', ALL),
  rowSince('5.4.47', WITH_THE_BUG),
  rowSince('5.5', ALL),
  rowSince('5.7.3', WITH_THE_BUG),
);

/** Whether the L1 cache looks at too many address bits for {@link NONPRESENT_OR_RSVD_LEN} of them to be moved up. */
export function isCacheTooWide(cacheBits: number): boolean {
  return cacheBits >= ENTRY_PHYS_BITS - NONPRESENT_OR_RSVD_LEN;
}

/** Whether this kernel guards this machine, if the machine's cache allows it. */
export function wantsGuard(kernel: KernelVersion, host: HostFacts): boolean {
  const cpus = guardedCpus(kernel);
  return cpus === 'all' || (cpus === 'with the bug' && host.l1tf);
}

/**
 * The masks of a machine. The guard covers the highest bits that its L1 cache looks at, as no memory is so high. These
 * may be more bits than CPUID reports (upstream commit 61455bf26236).
 *
 * ```
 *  cacheBits 44:    51      44 43  39 38                       12
 *                   ├────────┼──────┼──────────────────────────┤
 *                   │ moved  │ ones │ lower gfn                │
 *                   └────────┴──────┴──────────────────────────┘
 *                    48..44 <- gpa 43..39
 * ```
 *
 * Kernel: `kvm_mmu_reset_all_pte_masks()`.
 */
export function l1tfMasks(kernel: KernelVersion, host: HostFacts): L1tfMasks {
  const { physBits, cacheBits } = host;
  if (!wantsGuard(kernel, host) || isCacheTooWide(cacheBits)) {
    return { nonpresentOrRsvd: 0n, lowerGfn: bits(physBits - 1, LOWEST_ADDRESS_BIT) };
  }
  const low = cacheBits - NONPRESENT_OR_RSVD_LEN;
  return { nonpresentOrRsvd: bits(cacheBits - 1, low), lowerGfn: bits(low - 1, LOWEST_ADDRESS_BIT) };
}

/**
 * Moves an address out of the cache's reach: the guarded bits go up by five, ones take their place.
 *
 * Address bits above the guard are kept where they are, so that they spoil the bits that moved; such an address does
 * not come {@link withinReach back}.
 *
 * @param gpa address in bytes
 */
export function outOfReach({ nonpresentOrRsvd }: Pick<L1tfMasks, 'nonpresentOrRsvd'>, gpa: bigint): bigint {
  return gpa | nonpresentOrRsvd | movedUp(nonpresentOrRsvd, gpa);
}

/** The guarded bits of an address at the place where {@link outOfReach} keeps them. */
export function movedUp(nonpresentOrRsvd: bigint, gpa: bigint): bigint {
  const guarded = gpa & nonpresentOrRsvd;
  return guarded === 0n ? 0n : u64(guarded << LEN);
}

/**
 * The page address (in bytes) that was moved {@link outOfReach out of reach}, from an entry that may have other bits
 * set below bit 12 and above the address: what stands where bits were moved from is no part of it (upstream commit
 * daa07cbc9ae3).
 */
export function withinReach({ nonpresentOrRsvd, lowerGfn }: L1tfMasks, entry: bigint): bigint {
  const lower = entry & lowerGfn;
  return nonpresentOrRsvd === 0n ? lower : lower | ((entry >> LEN) & nonpresentOrRsvd);
}
