// SPDX-License-Identifier: GPL-2.0-only
import {
  type CpuReading,
  EPT,
  fieldText,
  getShadowPhysBits,
  isLastSpte,
  type Mmu,
  type Outcome,
} from '@spte/core';
import { type EptCpu, eptMisconfig } from './misconfig.ts';

/** Bits 2:0 of the exit qualification of an EPT violation: what was tried. */
const QUALIFICATION = { read: 1 << 0, write: 1 << 1, fetch: 1 << 2 } as const;

/** Bits 5:3 repeat what the entry allows. */
const ALLOWED_SHIFT = 3;

const RWX = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;
const PAGE_OFFSET = 0xfffn;

/**
 * How a CPU reads an EPT entry: a misconfiguration comes before everything, then permissions.
 *
 * @param level level of the entry, 1..5
 */
export function readEptEntry(
  mmu: Mmu,
  spte: bigint,
  level: number,
  cpu: Omit<EptCpu, 'maxPhyAddr'>,
): CpuReading[] {
  const causes = eptMisconfig({ ...cpu, maxPhyAddr: getShadowPhysBits(mmu.host) }, spte, level);
  const outcome = (access: keyof typeof QUALIFICATION, permission: bigint): Outcome => {
    if (causes.length > 0) return { kind: 'ept-misconfig', causes };
    if ((spte & permission) === 0n) {
      const allowed = Number(spte & RWX) << ALLOWED_SHIFT;
      return { kind: 'ept-violation', qualification: QUALIFICATION[access] | allowed };
    }
    const hpa = spte & EPT.address.mask & ~PAGE_OFFSET;
    return isLastSpte(spte, level)
      ? { kind: 'translates', hpa, memtype: memtype(spte) }
      : { kind: 'next-table', hpa };
  };
  // Under MBEC a user's fetch needs XU; where that is in use, what is said of fetches is said of the supervisor's.
  return [
    {
      accessor: 'guest',
      read: outcome('read', EPT.readable.mask),
      write: outcome('write', EPT.writable.mask),
      fetch: outcome('fetch', EPT.executable.mask),
    },
  ];
}

function memtype(spte: bigint): string {
  const type = fieldText(EPT.memtype, spte);
  return (spte & EPT.ignorePat.mask) === 0n ? `${type}, with the guest's PAT` : `${type}, guest PAT ignored`;
}
