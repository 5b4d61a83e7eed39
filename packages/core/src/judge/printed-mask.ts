// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from '../bits/arguments.ts';
import { bitNumbers } from '../bits/bits.ts';
import { FINDING_SEVERITIES, type Finding } from './finding.ts';

/** A finding that a printed mask alone makes: it rests on nothing that is known of the machine. */
export type PrintedMaskHit = Omit<Extract<Finding, { code: 'printed-reserved-bits' }>, 'because'>;

/**
 * Which bits of an entry a kernel called reserved, by the mask that it printed beside it (`rsvd bits = 0x…`): an answer
 * whatever machine and kernel that was. Null where the mask has none of them: then memory type or permissions were
 * refused, or another entry of the walk.
 *
 * @param printed the mask as printed
 * @param level level of the entry, 1..5; null when it is not known
 * @throws TypeError, RangeError when a word is not one of 64 bits or there is no such level
 *
 * Kernel: `make_spte()`, `get_mmio_spte()`.
 *
 * @example
 * ```ts
 * import { findingNext, findingText, hitsPrintedMask } from '@spte/core';
 *
 * const hit = hitsPrintedMask(0x800000018a600ee7n, 0x800f0000001fe000n, 2);
 * hit?.bits; // [ 63 ]
 * hit && findingText(hit); // bit 0x8000000000000000 is set, which the kernel printed as reserved (0x800f0000001fe000)
 * hitsPrintedMask(0xee7n, 0x800f0000001fe000n, 2); // null
 * ```
 */
export function hitsPrintedMask(
  spte: bigint,
  printed: bigint,
  level: number | null = null,
): PrintedMaskHit | null {
  if (level !== null) checkLevel('level', level);
  const set = checkU64('spte', spte) & checkU64('printed', printed);
  if (set === 0n) return null;
  return {
    code: 'printed-reserved-bits',
    severity: FINDING_SEVERITIES['printed-reserved-bits'],
    bits: bitNumbers(set),
    params: { set, printed, level },
  };
}
