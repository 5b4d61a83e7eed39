// SPDX-License-Identifier: GPL-2.0-only
import type { KernelVersion } from './kernel-version.ts';
import { defineVariant, rowSince, type Variant } from './variant.ts';

// What differs between kernels in the reserved bits of their own entries.

export const eptReservesPageSize: Variant<boolean> = defineVariant(
  'page sizes that EPT does not have',
  { since: '5.4', value: false, change: 'the page-size bit is never reserved at levels 2 and 3' },
  { since: '5.17', value: true, change: 'the page-size bit is reserved where the size is not supported' },
);

export const nptHasNx: Variant<boolean> = defineVariant(
  'NX in the zero check of NPT',
  { since: '5.4', value: false, change: 'bit 63 is reserved, though KVM itself sets it' },
  { since: '5.19.2', value: true, change: 'bit 63 is allowed', commits: ['6c6ab524cfae'] },
);

/** What allows NX in the entries of shadow paging, beside the guest's EFER.NX. */
export interface ShadowNx {
  /** SMEP without CR0.WP: KVM sets NX to emulate it. */
  readonly smepAndnotWp: boolean;
  /** That KVM uses no TDP: it sets NX in huge pages then. */
  readonly withoutTdp: boolean;
  /** Whether KVM sets EFER.NX in the role itself where it uses no TDP. */
  readonly inRole: boolean;
}

const BY_GUEST = {
  value: { smepAndnotWp: true, withoutTdp: false, inRole: false },
  change: "allowed by the guest's EFER.NX, and by SMEP without CR0.WP",
};
const BY_GUEST_OR_WITHOUT_TDP = {
  value: { smepAndnotWp: true, withoutTdp: true, inRole: false },
  change: "allowed by the guest's EFER.NX, by SMEP without CR0.WP, and wherever KVM uses no TDP",
  commits: ['112022bdb5bc'],
};

export const shadowNx: Variant<ShadowNx> = defineVariant(
  'NX in the zero check of shadow paging',
  rowSince('5.4', BY_GUEST),
  rowSince('5.4.144', BY_GUEST_OR_WITHOUT_TDP),
  rowSince('5.5', BY_GUEST),
  rowSince('5.10.50', BY_GUEST_OR_WITHOUT_TDP),
  rowSince('5.11', BY_GUEST),
  rowSince('5.12.17', BY_GUEST_OR_WITHOUT_TDP),
  rowSince('5.13', BY_GUEST),
  rowSince('5.13.2', BY_GUEST_OR_WITHOUT_TDP),
  {
    since: '5.14',
    value: { smepAndnotWp: false, withoutTdp: true, inRole: false },
    change: 'allowed by EFER.NX and wherever KVM uses no TDP',
  },
  {
    since: '5.19',
    value: { smepAndnotWp: false, withoutTdp: false, inRole: true },
    change: "allowed by the role's EFER.NX, which KVM sets by itself where it uses no TDP",
  },
);

/**
 * EFER.NX as the role of an MMU has it: the guest's, but since 5.19 set in shadow paging where KVM uses no TDP.
 *
 * Kernel: `kvm_init_shadow_mmu()`.
 */
export function eferNxOfRole(kernel: KernelVersion, guestHasNx: boolean, tdpEnabled: boolean): boolean {
  return guestHasNx || (!tdpEnabled && shadowNx(kernel).inRole);
}

export const shadowGbpagesByTdp: Variant<boolean> = defineVariant(
  'whether 1G pages are reserved bits of shadow paging',
  { since: '5.4', value: false, change: "the guest's CPUID says" },
  { since: '5.14', value: true, change: "the host's CPUID says with TDP on, else the guest's" },
  { since: '6.6', value: false, change: "the vCPU's capability says, which is the same on a real host" },
);

export const pdpteBit8Reserved: Variant<boolean> = defineVariant(
  'bit 8 of an entry at level 3 that points to a table',
  { since: '5.4', value: true, change: 'reserved on AMD and in shadow paging' },
  { since: '5.4.59', value: false, change: 'ignored: only levels 4 and 5 reserve it' },
);
