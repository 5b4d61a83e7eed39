// SPDX-License-Identifier: GPL-2.0-only
/** Where an AMD CPU family has its C-bit and how many address bits encryption takes. */
export interface CBitRow {
  readonly family: number;
  /** First model of the family to which this applies. */
  readonly fromModel: number;
  /** Bits 5:0 of EBX of CPUID leaf 0x8000001f. */
  readonly cBit: number;
  /** Bits 11:6 of it. */
  readonly reduction: number;
}

/**
 * CPUID leaf 0x8000001f is not in `/proc/cpuinfo`; this is what server CPUs answer (EBX 0x116f on Rome, 0x4173 on
 * Milan, 0x41b3 on Genoa).
 */
export const C_BITS: readonly CBitRow[] = [
  { family: 0x17, fromModel: 0x00, cBit: 47, reduction: 5 },
  { family: 0x19, fromModel: 0x00, cBit: 51, reduction: 5 },
  { family: 0x19, fromModel: 0x10, cBit: 51, reduction: 6 },
  { family: 0x1a, fromModel: 0x00, cBit: 51, reduction: 6 },
];

const NEWEST: CBitRow = { family: 0x1a, fromModel: 0x00, cBit: 51, reduction: 6 };

/** The row of a CPU; that of the newest family for one that is not in the table. */
export function cBitOf(family: number, model: number): CBitRow {
  return C_BITS.findLast((row) => row.family === family && row.fromModel <= model) ?? NEWEST;
}

const REDUCTION_SHIFT = 6;

/** EBX of CPUID leaf 0x8000001f as a row describes it. */
export function encryptionEbx({ cBit, reduction }: CBitRow): number {
  return cBit | (reduction << REDUCTION_SHIFT);
}

/** The address bits that encryption takes, from that EBX. */
export function reductionOf(ebx: number): number {
  return (ebx >> REDUCTION_SHIFT) & 0x3f;
}
