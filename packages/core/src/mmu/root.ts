// SPDX-License-Identifier: GPL-2.0-only

/**
 * Which MMU an SPTE belongs to: `tdp` maps guest memory for EPT or NPT, `shadow` shadows legacy or nested-NPT tables,
 * `ept12` shadows a nested EPT, `none` checks nothing.
 */
export type MmuKind = 'tdp' | 'shadow' | 'ept12' | 'none';

/** Every kind of MMU. */
export const MMU_KINDS: readonly MmuKind[] = ['tdp', 'shadow', 'ept12', 'none'];

/** The root of an MMU, as far as reserved bits depend on it. */
export interface RootConfig {
  readonly kind: MmuKind;
  /** 3 = PAE, 4, 5. */
  readonly level: number;
  /** Whether the role says EFER.NX: see {@link eferNxOfRole}. */
  readonly eferNx: boolean;
  /** SMEP is on and CR0.WP off: KVM emulates that with NX. Looked at up to 5.13. */
  readonly smepAndnotWp: boolean;
  /** Whether the guest may map 1G pages. */
  readonly guestGbpages: boolean;
  /** `ept12`: whether execute-only entries are legal. */
  readonly ept12ExecOnly: boolean;
  /** Bit 20 of the role since 7.2: SMEP for shadow paging, MBEC for EPT, GMET for NPT. */
  readonly cr4Smep: boolean;
  /** Whether it mirrors a table that the TDX module owns (since 6.14). */
  readonly isMirror: boolean;
}
