// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { type Arena, highHalf, lowHalf } from '@spte/wasm';
import { KIND_CODES } from './codes.ts';
import { checkColumn } from './entries.ts';
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

const CLASSES = {
  kind: 'Uint8Array',
  frame: 'BigUint64Array',
  access: 'Uint8Array',
  flags: 'Uint8Array',
  generation: 'Uint32Array',
} as const satisfies Record<keyof DecodedColumns, string>;

/** @throws TypeError, RangeError when a column is missing, of another class, or does not have `length` elements */
export function checkColumns(columns: DecodedColumns, length: number): void {
  for (const name of Object.keys(CLASSES) as (keyof DecodedColumns)[]) {
    checkColumn(`into.${name}`, columns[name], CLASSES[name], length);
  }
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
 */
export function prepareDecoding(mmu: Mmu, table: RuleTable, arena: Arena | null): Decoding {
  const { baseAddr } = mmu.masks;
  const mmio = mmioFields(mmu, arena);
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
