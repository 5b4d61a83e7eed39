// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { type Arena, highHalf, lowHalf } from '@spte/wasm';
import { KIND_CODES } from './codes.ts';
import { type MmioFields, mmioFields, putMmio } from './mmio-fields.ts';
import type { RuleTable } from './rule-table.ts';

/** Decoded entries in columns: element `i` of each belongs to entry `i`. */
export interface DecodedColumns {
  /** What the entry is: see `KIND_CODES`. */
  readonly kind: Uint8Array<ArrayBuffer>;
  /** The pfn of a leaf, a tracked leaf or a table; the gfn of an MMIO entry; else 0. */
  readonly frame: BigUint64Array<ArrayBuffer>;
  /** See `ACCESS_BITS`. */
  readonly access: Uint8Array<ArrayBuffer>;
  /** See `FLAG_BITS`; 0 for an entry that is not present. */
  readonly flags: Uint8Array<ArrayBuffer>;
  /** The memslot generation of an MMIO entry (its low 32 bits, more than any kernel keeps); else 0. */
  readonly generation: Uint32Array<ArrayBuffer>;
}

/** New columns for this number of entries. */
export function decodedColumns(length: number): DecodedColumns {
  return {
    kind: new Uint8Array(length),
    frame: new BigUint64Array(length),
    access: new Uint8Array(length),
    flags: new Uint8Array(length),
    generation: new Uint32Array(length),
  };
}

/** Kinds that are shadow-present, by the bit of their code. */
export const PRESENT_KINDS: number =
  (1 << KIND_CODES.leaf) | (1 << KIND_CODES.tracked) | (1 << KIND_CODES.table);

/** What `decode()` needs. */
export interface Decoding {
  readonly table: RuleTable;
  readonly mmio: MmioFields;
  /** The mask of a pfn, and its halves. */
  readonly base: bigint;
  readonly baseHi: number;
  readonly baseLo: number;
}

/**
 * Prepares to decode.
 *
 * @param table that of `decodeRule`
 * @param slow hears once why MMIO entries are read by their policy, if one is
 */
export function prepareDecoding(
  mmu: Mmu,
  table: RuleTable,
  arena: Arena | null,
  slow: (reason: string | null) => void,
): Decoding {
  const { baseAddr } = mmu.masks;
  const fields = mmioFields(mmu, arena);
  let silent = true;
  // A machine without MMIO entries needs no tables: only their use is a fallback.
  const read: MmioFields['read'] = (hi, lo) => {
    if (silent) slow(fields.reason);
    silent = false;
    return fields.read(hi, lo);
  };
  const mmio = { ...fields, read };
  return { table, mmio, base: baseAddr, baseHi: highHalf(baseAddr), baseLo: lowHalf(baseAddr) };
}

/** Writes the fields of an MMIO entry to element `i`. */
export function decodeMmio(
  { reason, tables, read }: MmioFields,
  hi: number,
  lo: number,
  i: number,
  frames: Int32Array,
  generations: Uint32Array,
): void {
  if (reason === null) {
    putMmio(tables, hi, lo, i, frames, generations);
    return;
  }
  const { gfn, generation } = read(hi, lo);
  frames[2 * i] = lowHalf(gfn);
  frames[2 * i + 1] = highHalf(gfn);
  generations[i] = lowHalf(generation);
}
