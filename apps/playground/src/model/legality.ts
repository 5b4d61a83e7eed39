// SPDX-License-Identifier: GPL-2.0-only
import { bit, type DecodedSpte, getRsvdBits, isBadMtXwr, type Mmu } from '@spte/core';
import { type EptMisconfig, eptMisconfig } from '@spte/vendor-vmx';

/** What KVM's check of an entry and the CPU say about it. */
export interface Legality {
  /** The bits that must be zero in an entry like this; null where nothing is checked. */
  readonly reservedHere: bigint | null;
  /** Those of them that are set. */
  readonly reserved: bigint;
  /** Whether memory type and RWX go together; null where the MMU has no such check. */
  readonly badTypeOrAccess: boolean | null;
  /** Why a CPU with EPT refuses the entry; null for another MMU, or without a level. */
  readonly misconfig: readonly EptMisconfig[] | null;
  /** All bits that are not as they should be. */
  readonly wrong: bigint;
}

/** Checks an entry that is present against KVM's table, and any entry against the CPU. */
export function legalityOf(mmu: Mmu, { kind, level, value, mapping }: DecodedSpte): Legality {
  const misconfig = misconfigOf(mmu, value, level);
  if (mapping === null || level === null) {
    return { reservedHere: null, reserved: 0n, badTypeOrAccess: null, misconfig, wrong: 0n };
  }
  const { zeroCheck } = mmu;
  const reservedHere = getRsvdBits(zeroCheck, value, level);
  const reserved = value & reservedHere;
  const refused = (misconfig ?? []).flatMap(({ bits }) => bits).reduce((mask, n) => mask | bit(n), 0n);
  return {
    reservedHere,
    reserved,
    badTypeOrAccess: zeroCheck.badMtXwr === 0n ? null : isBadMtXwr(zeroCheck, value),
    misconfig,
    wrong: kind === 'mmio' ? 0n : reserved | refused,
  };
}

function misconfigOf({ vendor, masks }: Mmu, value: bigint, level: number | null): EptMisconfig[] | null {
  if (vendor.format.name !== 'ept' || level === null) return null;
  const cpu = {
    maxPhyAddr: masks.shadowPhysBits,
    // Without execute-only entries, readable is what says "present".
    execOnly: masks.present === 0n,
    maxPageLevel: masks.maxHugePageLevel,
  };
  return eptMisconfig(cpu, value, level);
}
