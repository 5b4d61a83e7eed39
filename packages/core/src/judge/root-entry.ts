// SPDX-License-Identifier: GPL-2.0-only
import { checkU64 } from '../bits/arguments.ts';
import { bitNumbers } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { resetRsvdsBitsMask, rsvdBits } from '../cpu/rsvd-bits.ts';
import type { Mmu } from '../mmu/contract.ts';
import type { SpteKind } from '../mmu/entry-kind.ts';
import { because } from '../read/because.ts';
import { spteKind } from '../read/entry.ts';
import { FINDING_SEVERITIES, type Finding } from './finding.ts';
import { judgeSpte } from './judge-spte.ts';

/*
 * Roots of guests whose tables have fewer levels than the shadow: KVM writes their entries with bare bits, not with the
 * rules of SPTEs, and no MMU-present bit (11) is among them.
 *
 *  63           MAXPHYADDR                    12 11  9 8 7 6 5 4 3 2 1 0
 *  ┌──────────────────┬──────────────────────────┬────┬─────┬─┬───┬─────┐
 *  │ reserved         │ table below              │    │     │A│   │U W P│   special root of 4 or 5 levels
 *  │ reserved         │ table below              │    │ res.  │   │res.P│   PAE root, which the CPU loads from CR3
 *  └──────────────────┴──────────────────────────┴────┴───────┴───┴─────┘
 *    the C-bit of memory encryption is in the address
 */

/** Level of the four entries of a PAE root. */
export const PAE_ROOT_LEVEL = 3;

/** Entries of a PAE root, each 1G of the guest. */
export const PAE_ROOT_ENTRIES = 4;

/**
 * The bits that KVM sets in an entry of a root beside the address of the table below.
 *
 * @param special false for a PAE root; true for the roots of four and five levels above the tables of a 32-bit guest,
 *   and for the four entries at level 3 below them
 *
 * Kernel: `mmu_alloc_direct_roots()`, `mmu_alloc_shadow_roots()`.
 */
export function rootEntryBits({ masks }: Mmu, special: boolean): bigint {
  const pae = PT.present.mask | masks.meValue;
  return special ? pae | PT.accessed.mask | PT.writable.mask | PT.user.mask : pae;
}

/**
 * Whether an entry is one of a special root: those that nested NPT has above the tables of a guest with PAE or 32-bit
 * paging. An SPTE that lost its MMU-present bit may look the same: ask about a whole table.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word
 */
export function isSpecialRootEntry(mmu: Mmu, spte: bigint): boolean {
  checkU64('spte', spte);
  const { layout, masks, vendor } = mmu;
  // EPT has no such roots. Before 5.13 these entries are as other tables are: there was no MMU-present bit.
  if (layout.mmuPresent === null || vendor.format.permissions.noExecute === undefined) return false;
  return (spte & ~(masks.baseAddr & ~masks.meMask)) === rootEntryBits(mmu, true);
}

/** What an entry of a root is. */
export interface RootEntry {
  /** `table` for each that is present. */
  readonly kind: SpteKind;
  readonly findings: readonly Finding[];
}

/**
 * Reads an entry of a PAE root: nearly all bits but the address and P are reserved, and loading CR3 faults on them.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word
 *
 * Kernel: `IS_VALID_PAE_ROOT()`, `__reset_rsvds_bits_mask()`.
 */
export function readPaeRootEntry(mmu: Mmu, spte: bigint): RootEntry {
  if ((checkU64('spte', spte) & PT.present.mask) === 0n) {
    return { kind: spteKind(mmu, spte, PAE_ROOT_LEVEL), findings: judgeSpte(mmu, spte, PAE_ROOT_LEVEL) };
  }
  const { masks, host } = mmu;
  const check = resetRsvdsBitsMask({
    paBitsRsvd: rsvdBits(masks.shadowPhysBits, 63),
    level: PAE_ROOT_LEVEL,
    nx: true,
    gbpages: host.gbpages,
    pse: false,
    amd: true,
  });
  // Bit 7 is reserved itself, so the row for huge pages is of no use.
  const reserved = (check.bit7Clear[PAE_ROOT_LEVEL - 1] as bigint) & ~masks.meMask;
  return { kind: 'table', findings: (spte & reserved) === 0n ? [] : [reservedFinding(mmu, spte, reserved)] };
}

function reservedFinding(mmu: Mmu, spte: bigint, reserved: bigint): Finding {
  const set = spte & reserved;
  return {
    code: 'reserved-bits',
    severity: FINDING_SEVERITIES['reserved-bits'],
    bits: bitNumbers(set),
    params: { set, reserved, level: PAE_ROOT_LEVEL, paeRoot: true, bit7IsWrong: false },
    because: because(mmu, '__reset_rsvds_bits_mask', set),
  };
}
