// SPDX-License-Identifier: GPL-2.0-only
import {
  because,
  bitNumbers,
  type Finding,
  hex,
  judgeSpte,
  type Mmu,
  PT,
  resetRsvdsBitsMask,
  rsvdBits,
  spteKind,
} from '@spte/core';
import type { EntryReading } from './reading.ts';

const LEVEL = 3;

/**
 * Reads an entry of a PAE root. KVM does not make it as it makes other SPTEs: it holds an address, P and encryption,
 * but no MMU-present bit, for the CPU reserves nearly all others.
 *
 * ```
 *  63           MAXPHYADDR                    12 11  9 8   5 4 3 2 1 0
 *  ┌──────────────────┬──────────────────────────┬────┬─────┬───┬───┬─┐
 *  │ reserved         │ address                  │    │ res.│   │res│P│
 *  └──────────────────┴──────────────────────────┴────┴─────┴───┴───┴─┘
 * ```
 *
 * Kernel: `IS_VALID_PAE_ROOT()`, `mmu_alloc_direct_roots()`.
 */
export function readPaeRootEntry(mmu: Mmu, spte: bigint): EntryReading {
  if ((spte & PT.present.mask) === 0n) {
    return { kind: spteKind(mmu, spte, LEVEL), findings: judgeSpte(mmu, spte, LEVEL) };
  }
  const { masks, host } = mmu;
  const check = resetRsvdsBitsMask({
    paBitsRsvd: rsvdBits(masks.shadowPhysBits, 63),
    level: LEVEL,
    nx: true,
    gbpages: host.gbpages,
    pse: false,
    amd: true,
  });
  // Bit 7 is reserved itself, so the row for huge pages is of no use.
  const reserved = spte & (check.bit7Clear[LEVEL - 1] as bigint) & ~masks.meMask;
  return { kind: 'table', findings: reserved === 0n ? [] : [reservedFinding(mmu, reserved)] };
}

const reservedFinding = (mmu: Mmu, reserved: bigint): Finding => ({
  code: 'reserved-bits',
  severity: 'error',
  bits: bitNumbers(reserved),
  text: `bits ${hex(reserved)} are set, which must be 0 in a PAE root: loading CR3 faults`,
  next: 'a 4-level root walked as PAE, or a stray write',
  because: because(mmu, '__reset_rsvds_bits_mask', reserved),
});
