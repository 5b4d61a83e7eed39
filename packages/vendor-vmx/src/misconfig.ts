// SPDX-License-Identifier: GPL-2.0-only
import {
  bitNumbers,
  checkLevel,
  checkU64,
  type EntryFault,
  EPT,
  getRsvdBits,
  isLastSpte,
  resetRsvdsBitsMaskEpt,
  rsvdBits,
} from '@spte/core';

/** What a CPU accepts in EPT entries. */
export interface EptCpu {
  /** MAXPHYADDR in bits, 32..52. */
  readonly maxPhyAddr: number;
  /** Whether it knows execute-only entries. */
  readonly execOnly: boolean;
  /** Largest page that it maps, as a level: 1 = 4K, 2 = 2M, 3 = 1G. */
  readonly maxPageLevel: number;
}

/** One reason for which a CPU refuses an EPT entry. */
export interface EptMisconfig extends EntryFault {
  readonly cause: 'write-without-read' | 'exec-only-unsupported' | 'reserved-memtype' | 'reserved-bits';
}

const RWX = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;
const RESERVED_MEMTYPES = [2n, 3n, 7n];

/**
 * Why the CPU raises an EPT misconfiguration on this entry; empty when it does not. An entry without any permission
 * is not present: it ends in an EPT violation and nothing in it is reserved.
 *
 * @param level level of the entry, 1..5
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
 *
 * @example
 * ```ts
 * import { eptMisconfig } from '@spte/vendor-vmx';
 *
 * const cpu = { maxPhyAddr: 46, execOnly: true, maxPageLevel: 3 };
 * eptMisconfig(cpu, 0x600000455299b77n, 1); // []
 * eptMisconfig(cpu, 0x800000455299b56n, 1).map(({ cause }) => cause).join(); // write-without-read,reserved-memtype
 * ```
 *
 * @example
 * ```ts
 * import { eptMisconfig } from '@spte/vendor-vmx';
 *
 * // A CPU that walks execute-only pages, and one that does not.
 * [true, false].map((execOnly) =>
 *   eptMisconfig({ maxPhyAddr: 46, execOnly, maxPageLevel: 3 }, 0x455299b34n, 1).map(({ cause }) => cause),
 * ); // [ [], [ 'exec-only-unsupported' ] ]
 * ```
 */
export function eptMisconfig(cpu: EptCpu, spte: bigint, level: number): EptMisconfig[] {
  checkU64('spte', spte);
  checkLevel('level', level);
  const rwx = spte & RWX;
  if (rwx === 0n) return [];
  const found: EptMisconfig[] = [];
  if ((rwx & EPT.readable.mask) === 0n) {
    if ((rwx & EPT.writable.mask) !== 0n) found.push({ cause: 'write-without-read', bits: bitNumbers(RWX) });
    else if (!cpu.execOnly) found.push({ cause: 'exec-only-unsupported', bits: bitNumbers(RWX) });
  }
  const memtype = (spte & EPT.memtype.mask) >> EPT.memtype.shift;
  if (isLastSpte(spte, level) && RESERVED_MEMTYPES.includes(memtype)) {
    found.push({ cause: 'reserved-memtype', bits: bitNumbers(EPT.memtype.mask) });
  }
  const check = resetRsvdsBitsMaskEpt({
    paBitsRsvd: rsvdBits(cpu.maxPhyAddr, 63),
    execOnly: cpu.execOnly,
    hugePageLevel: cpu.maxPageLevel,
  });
  const reserved = spte & getRsvdBits(check, spte, level);
  if (reserved !== 0n) found.push({ cause: 'reserved-bits', bits: bitNumbers(reserved) });
  return found;
}
