// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger, checkLevel } from '../bits/arguments.ts';
import { bit, bits, LEVELS } from '../bits/bits.ts';
import { EPT } from './entry-format.ts';

/** The bit that chooses between the two rows of a table: page size in both formats. */
const PAGE_SIZE_BIT = bit(7);

/** The bits that index the bitmap of bad combinations: memory type and XWR of an EPT entry. */
const MT_XWR_BITS = bits(5, 0);

const LAST_BIT = 63;

/**
 * Bits `s` to `e`, both included; 0 when `e < s`.
 *
 * Arguments are those of the kernel's function: the lowest bit comes first, where {@link bits} takes the highest.
 *
 * @param s first bit, 0..63
 * @param e last bit; only its low six bits count, so that -1 and 127 are 63
 * @throws TypeError, RangeError when an argument is not an integer or `s` is not within 0..63
 *
 * Kernel: `rsvd_bits()`.
 *
 * @example
 * ```ts
 * import { hex, rsvdBits } from '@spte/core';
 *
 * hex(rsvdBits(46, 51)); // 0xfc00000000000
 * ```
 *
 * @example
 * ```ts
 * import { hex, rsvdBits } from '@spte/core';
 *
 * // Address bits that a machine with 46 of them does not have; then none at all.
 * hex(rsvdBits(46, 51)); // 0xfc00000000000
 * rsvdBits(52, 51); // 0n
 * ```
 */
export function rsvdBits(s: number, e: number): bigint {
  checkInteger('e', e, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return bits(e & LAST_BIT, checkInteger('s', s, 0, LAST_BIT));
}

/** Which bits of an entry must be zero. Kernel: `struct rsvd_bits_validate`. */
export interface RsvdBitsValidate {
  /** Reserved bits of an entry whose bit 7 is clear; index `level - 1`. */
  readonly bit7Clear: readonly bigint[];
  /** Reserved bits of an entry whose bit 7 is set; index `level - 1`. */
  readonly bit7Set: readonly bigint[];
  /** Bitmap over the values of an entry's bits 5:0 (EPT memory type and XWR): a set bit is a bad combination. */
  readonly badMtXwr: bigint;
  /** A bit that counts as X in the bitmap's index: user-executable, where KVM uses it (since 7.2); else 0. */
  readonly xu: bigint;
}

/** Nothing is reserved. */
export const NO_RSVD_BITS: RsvdBitsValidate = {
  bit7Clear: LEVELS.map(() => 0n),
  bit7Set: LEVELS.map(() => 0n),
  badMtXwr: 0n,
  xu: 0n,
};

/** Paging modes by the level of their root. */
const PT32_ROOT_LEVEL = 2;
const PT32E_ROOT_LEVEL = 3;
const PT64_ROOT_5LEVEL = 5;

/** What the architecture's (and AMD's nested) page tables reserve, by mode and CPU. */
export interface LegacyRsvdInputs {
  /** Address bits beyond MAXPHYADDR, 63 down to it. */
  readonly paBitsRsvd: bigint;
  /** Level of the root, which tells the paging mode: 2 = 32-bit, 3 = PAE, 4, 5. */
  readonly level: number;
  /** Whether NX is enabled; without it bit 63 is reserved. */
  readonly nx: boolean;
  readonly gbpages: boolean;
  /** Whether 32-bit paging knows 4M pages. */
  readonly pse: boolean;
  /** Whether the CPU reserves bit 8 in upper levels, as AMD's do. */
  readonly amd: boolean;
  /** Whether level 3 is such a level: early 5.4.y thought so. False when absent. */
  readonly bit8AtLevel3?: boolean;
}

/**
 * The reserved bits of legacy page tables. Slots that the mode does not use stay 0.
 *
 * Kernel: `__reset_rsvds_bits_mask()`.
 */
export function resetRsvdsBitsMask({
  paBitsRsvd,
  level,
  nx,
  gbpages,
  pse,
  amd,
  bit8AtLevel3 = false,
}: LegacyRsvdInputs): RsvdBitsValidate {
  const noGbpages = gbpages ? 0n : rsvdBits(7, 7);
  const noNx = nx ? 0n : rsvdBits(63, 63);
  const bit8 = amd ? rsvdBits(8, 8) : 0n;

  if (level === PT32_ROOT_LEVEL) {
    // 4M pages: every 64-bit CPU has PSE-36, with address bits 35:32 in bits 16:13.
    return { ...NO_RSVD_BITS, bit7Set: [0n, pse ? rsvdBits(17, 21) : 0n, 0n, 0n, 0n] };
  }
  if (level === PT32E_ROOT_LEVEL) {
    const high = (paBitsRsvd & rsvdBits(0, 62)) | noNx;
    const pdpte = high | rsvdBits(63, 63) | rsvdBits(5, 8) | rsvdBits(1, 2);
    return {
      bit7Clear: [high, high, pdpte, 0n, 0n],
      bit7Set: [high, high | rsvdBits(13, 20), 0n, 0n, 0n],
      badMtXwr: 0n,
      xu: 0n,
    };
  }
  const high = (paBitsRsvd & rsvdBits(0, 51)) | noNx;
  const top = high | bit8 | rsvdBits(7, 7);
  const root = level === PT64_ROOT_5LEVEL ? top : 0n;
  return {
    bit7Clear: [high, high, high | noGbpages | (bit8AtLevel3 ? bit8 : 0n), top, root],
    bit7Set: [high, high | rsvdBits(13, 20), high | noGbpages | rsvdBits(13, 29), top, root],
    badMtXwr: 0n,
    xu: 0n,
  };
}

/** Memory types (bits 5:3) that are an EPT misconfiguration. */
const BAD_MEMTYPES = [2, 3, 7];

/** The bitmap over bits 5:0 in which every combination with a bad memory type or one of these XWR (bits 2:0) is set. */
function badMtXwr(xwr: readonly number[]): bigint {
  let bitmap = 0n;
  for (let low6 = 0; low6 < 64; low6++) {
    if (BAD_MEMTYPES.includes(low6 >> 3) || xwr.includes(low6 & 7)) bitmap |= 1n << BigInt(low6);
  }
  return bitmap;
}

/** Bad combinations, where the CPU does not know execute-only entries and where it does. */
const BAD_MT_XWR = badMtXwr([0b010, 0b110, 0b100]);
const BAD_MT_XWR_EXEC_ONLY = badMtXwr([0b010, 0b110]);

/** What an EPT entry reserves, by CPU. */
export interface EptRsvdInputs {
  /** Address bits beyond MAXPHYADDR, 63 down to it. */
  readonly paBitsRsvd: bigint;
  /** Whether execute-only entries are legal. */
  readonly execOnly: boolean;
  /** Largest page that may be mapped, as a level: 1 = 4K, 2 = 2M, 3 = 1G. */
  readonly hugePageLevel: number;
  /** The bit that allows user fetches, if KVM uses it; 0 when absent. */
  readonly xu?: bigint;
}

/**
 * The reserved bits of EPT entries, at all five levels.
 *
 * Kernel: `__reset_rsvds_bits_mask_ept()`.
 */
export function resetRsvdsBitsMaskEpt({
  paBitsRsvd,
  execOnly,
  hugePageLevel,
  xu = 0n,
}: EptRsvdInputs): RsvdBitsValidate {
  const high = paBitsRsvd & rsvdBits(0, 51);
  const no1g = hugePageLevel < 3 ? rsvdBits(7, 7) : 0n;
  const no2m = hugePageLevel < 2 ? rsvdBits(7, 7) : 0n;
  const top = high | rsvdBits(3, 7);
  return {
    bit7Clear: [high, high | rsvdBits(3, 6) | no2m, high | rsvdBits(3, 6) | no1g, top, top],
    bit7Set: [high, high | rsvdBits(12, 20) | no2m, high | rsvdBits(12, 29) | no1g, top, top],
    badMtXwr: execOnly ? BAD_MT_XWR_EXEC_ONLY : BAD_MT_XWR,
    xu,
  };
}

/**
 * The bits that are reserved in an entry like this one: at `level` (1..5), with its bit 7.
 *
 * Kernel: `get_rsvd_bits()`.
 */
export function getRsvdBits(check: RsvdBitsValidate, spte: bigint, level: number): bigint {
  const row = (spte & PAGE_SIZE_BIT) === 0n ? check.bit7Clear : check.bit7Set;
  return row[checkLevel('level', level) - 1] as bigint;
}

/** Whether memory type and XWR of an EPT entry are an invalid combination. Kernel: `__is_bad_mt_xwr()`. */
export function isBadMtXwr(check: RsvdBitsValidate, spte: bigint): boolean {
  const x = (spte & check.xu) === 0n ? 0n : EPT.executable.mask;
  return ((check.badMtXwr >> ((spte & MT_XWR_BITS) | x)) & 1n) !== 0n;
}

/**
 * Whether an entry at `level` (1..5) has a reserved bit or a bad combination.
 *
 * Kernel: `is_rsvd_spte()`.
 */
export function isRsvdSpte(check: RsvdBitsValidate, spte: bigint, level: number): boolean {
  return isBadMtXwr(check, spte) || (spte & getRsvdBits(check, spte, level)) !== 0n;
}
