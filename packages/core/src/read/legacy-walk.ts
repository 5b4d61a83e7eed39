// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers, PAGE_SHIFT } from '../bits/bits.ts';
import { PT } from '../cpu/entry-format.ts';
import { getRsvdBits, resetRsvdsBitsMask, rsvdBits } from '../cpu/rsvd-bits.ts';
import type { CpuReading, EntryFault, Mmu, Outcome } from '../mmu/contract.ts';
import { getShadowPhysBits } from '../mmu/host.ts';
import { isLastSpte, spteToPfn } from '../rules/predicates.ts';

/** Page-fault error code bits. */
const PFERR = { present: 1 << 0, write: 1 << 1, user: 1 << 2, rsvd: 1 << 3, fetch: 1 << 4 } as const;

/**
 * How a CPU reads an entry of its own paging format: NPT, where every guest access is a user's, or shadow paging.
 *
 * NX is taken to be on, and CR0.WP set.
 *
 * @param level level of the entry, 1..5
 */
export function readLegacyEntry(mmu: Mmu, spte: bigint, level: number): CpuReading[] {
  const accessors = mmu.masks.tdpEnabled ? (['guest'] as const) : (['user', 'supervisor'] as const);
  const reserved = reservedBits(mmu, spte, level);
  return accessors.map((accessor) => ({
    accessor,
    read: outcome(mmu, spte, level, reserved, accessor, 0),
    write: outcome(mmu, spte, level, reserved, accessor, PFERR.write),
    fetch: outcome(mmu, spte, level, reserved, accessor, PFERR.fetch),
  }));
}

/** The reserved bits that the CPU itself checks, by its own MAXPHYADDR. */
function reservedBits({ host, masks, root, vendor }: Mmu, spte: bigint, level: number): EntryFault[] {
  // SME takes address bits away for good, but for the C-bit; the key bits of MKTME stay address bits.
  const physBits = vendor.smeMeMask === undefined ? getShadowPhysBits(host) : host.physBits;
  const check = resetRsvdsBitsMask({
    paBitsRsvd: rsvdBits(physBits, 63) & ~(masks.meMask | masks.meValue),
    level: root.level,
    nx: true,
    gbpages: host.gbpages,
    pse: false,
    amd: masks.tdpEnabled,
  });
  const reserved = spte & getRsvdBits(check, spte, level);
  return reserved === 0n ? [] : [{ cause: 'reserved-bits', bits: bitNumbers(reserved) }];
}

function outcome(
  mmu: Mmu,
  spte: bigint,
  level: number,
  reserved: readonly EntryFault[],
  accessor: CpuReading['accessor'],
  access: number,
): Outcome {
  const isSet = (mask: bigint): boolean => (spte & mask) !== 0n;
  const user = accessor === 'supervisor' ? 0 : PFERR.user;
  const fault = (present: number, causes: readonly EntryFault[] = []): Outcome => ({
    kind: accessor === 'guest' ? 'nested-page-fault' : 'page-fault',
    errorCode: access | user | present,
    causes,
  });
  if (!isSet(PT.present.mask)) return fault(0);
  if (reserved.length > 0) return fault(PFERR.present | PFERR.rsvd, reserved);
  const refused =
    (access === PFERR.write && !isSet(PT.writable.mask)) ||
    (access === PFERR.fetch && isSet(PT.noExecute.mask)) ||
    (user !== 0 && !isSet(PT.user.mask));
  if (refused) return fault(PFERR.present);
  const hpa = spteToPfn(mmu, spte) << PAGE_SHIFT;
  if (!isLastSpte(spte, level)) return { kind: 'next-table', hpa };
  return { kind: 'translates', hpa, memtype: memtype(spte, level) };
}

/** The PAT entry that the page uses; the host's PAT has WB in entry 0. */
function memtype(spte: bigint, level: number): string {
  const pat = level === 1 ? PT.pat : PT.patLarge;
  const index =
    Number((spte & PT.cacheControl.mask) >> PT.cacheControl.shift) + ((spte & pat.mask) === 0n ? 0 : 4);
  return index === 0 ? 'WB (PAT entry 0)' : `PAT entry ${index}`;
}
