// SPDX-License-Identifier: GPL-2.0-only
import { KIND_CODES } from './codes.ts';
import { type MmioFields, putMmio } from './mmio-fields.ts';
import { type LevelKey, type RuleTable, withinClass } from './rule-table.ts';
import { ACCESS_MASK, ACCESS_SHIFT, FLAGS_SHIFT, KIND_MASK } from './rules.ts';
import { type EntryWords, halves, highHalf, joined, lowHalf } from './words.ts';

// The loops over entries. Each is written out for its own typed arrays: one that saw arrays of two classes would be
// half as fast. All of them keep the answer while entries differ in nothing that matters (an address of 0 always
// does), and compute the class of an entry only when a watched address bit has changed.

/** Cells of a row. */
const CELL_BITS = 12;
const CELL_MASK = 0xfff;

/** Attributes in the high half, and the address bits of either half. */
const HI_ATTRIBUTES = 0xfff00000 | 0;
const HIGH_ADDRESS = 0xfffff;
const LOW_ADDRESS_SHIFT = 12;

/** The entries `from` up to `to`, which all are at one level. */
export interface Span {
  readonly entries: EntryWords;
  readonly from: number;
  readonly to: number;
}

/** Answers of a rule in one byte each. */
export function mapToBytes(table: RuleTable, key: LevelKey, span: Span, out: Uint8Array): void {
  const { from, to } = span;
  const words = span.entries.halves;
  const { rowOf, cells } = table;
  const { watchHi, watchLo } = key;
  const matterHi = watchHi | HI_ATTRIBUTES;
  const matterLo = watchLo | CELL_MASK;
  let seenHi = 0;
  let seenLo = 0;
  let base = table.classBase(key, 0, 0);
  let seenAddress = 0;
  let value = 0;
  for (let i = from; i < to; i++) {
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const other = ((hi ^ seenHi) & matterHi) | ((lo ^ seenLo) & matterLo);
    const address = (hi & HIGH_ADDRESS) | (lo >>> LOW_ADDRESS_SHIFT);
    if (other !== 0 || address === 0 || seenAddress === 0) {
      if (((hi ^ seenHi) & watchHi) !== 0 || ((lo ^ seenLo) & watchLo) !== 0) {
        base = table.classBase(key, hi, lo);
      }
      seenHi = hi;
      seenLo = lo;
      seenAddress = address;
      const row = rowOf[base | withinClass(hi, lo)] as number;
      let cell = cells[(row << CELL_BITS) | (lo & CELL_MASK)] as number;
      if (cell === 0) {
        cell = table.fill(key, hi, lo);
        // What filled the table may have begun it anew.
        base = table.classBase(key, hi, lo);
      }
      value = cell - 1;
    }
    out[i] = value;
  }
}

/** Answers of a rule in four bytes each. */
export function mapToWords(table: RuleTable, key: LevelKey, span: Span, out: Uint32Array): void {
  const { from, to } = span;
  const words = span.entries.halves;
  const { rowOf, cells } = table;
  const { watchHi, watchLo } = key;
  const matterHi = watchHi | HI_ATTRIBUTES;
  const matterLo = watchLo | CELL_MASK;
  let seenHi = 0;
  let seenLo = 0;
  let base = table.classBase(key, 0, 0);
  let seenAddress = 0;
  let value = 0;
  for (let i = from; i < to; i++) {
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const other = ((hi ^ seenHi) & matterHi) | ((lo ^ seenLo) & matterLo);
    const address = (hi & HIGH_ADDRESS) | (lo >>> LOW_ADDRESS_SHIFT);
    if (other !== 0 || address === 0 || seenAddress === 0) {
      if (((hi ^ seenHi) & watchHi) !== 0 || ((lo ^ seenLo) & watchLo) !== 0) {
        base = table.classBase(key, hi, lo);
      }
      seenHi = hi;
      seenLo = lo;
      seenAddress = address;
      const row = rowOf[base | withinClass(hi, lo)] as number;
      let cell = cells[(row << CELL_BITS) | (lo & CELL_MASK)] as number;
      if (cell === 0) {
        cell = table.fill(key, hi, lo);
        base = table.classBase(key, hi, lo);
      }
      value = cell - 1;
    }
    out[i] = value;
  }
}

/** Asks the rule about each entry: for one that has no table. */
export function mapOneByOne(
  table: RuleTable,
  level: number | null,
  { entries, from, to }: Span,
  put: (i: number, value: number) => void,
): void {
  const words = entries.halves;
  for (let i = from; i < to; i++) {
    put(i, table.ask(joined(words[2 * i + 1] as number, words[2 * i] as number), level));
  }
}

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

/** Kinds that are shadow-present, by the bit of their code. */
export const PRESENT_KINDS: number =
  (1 << KIND_CODES.leaf) | (1 << KIND_CODES.tracked) | (1 << KIND_CODES.table);
const PFN_SHIFT = 12;
const PFN_HIGH = 20;

/** What `decode()` needs. */
export interface Decoding {
  readonly table: RuleTable;
  readonly mmio: MmioFields;
  /** The mask of a pfn, and its halves. */
  readonly base: bigint;
  readonly baseHi: number;
  readonly baseLo: number;
}

/** Decodes entries into columns, whose `frame` is given as halves too. */
export function decodeToColumns(
  key: LevelKey,
  span: Span,
  decoding: Decoding,
  columns: DecodedColumns,
): void {
  const { from, to } = span;
  const words = span.entries.halves;
  const { baseHi, baseLo, mmio, table } = decoding;
  const { rowOf, cells } = table;
  const { watchHi, watchLo } = key;
  const { kind: kinds, access, flags, generation } = columns;
  const frames = halves(columns.frame);
  const matterHi = watchHi | HI_ATTRIBUTES;
  const matterLo = watchLo | CELL_MASK;
  let seenHi = 0;
  let seenLo = 0;
  let base = table.classBase(key, 0, 0);
  let seenAddress = 0;
  let value = 0;
  let kind = 0;
  let present = 0;
  for (let i = from; i < to; i++) {
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const other = ((hi ^ seenHi) & matterHi) | ((lo ^ seenLo) & matterLo);
    const address = (hi & HIGH_ADDRESS) | (lo >>> LOW_ADDRESS_SHIFT);
    if (other !== 0 || address === 0 || seenAddress === 0) {
      if (((hi ^ seenHi) & watchHi) !== 0 || ((lo ^ seenLo) & watchLo) !== 0) {
        base = table.classBase(key, hi, lo);
      }
      seenHi = hi;
      seenLo = lo;
      seenAddress = address;
      const row = rowOf[base | withinClass(hi, lo)] as number;
      let cell = cells[(row << CELL_BITS) | (lo & CELL_MASK)] as number;
      if (cell === 0) {
        cell = table.fill(key, hi, lo);
        base = table.classBase(key, hi, lo);
      }
      value = cell - 1;
      kind = value & KIND_MASK;
      present = -((PRESENT_KINDS >>> kind) & 1);
    }
    const pfnHi = hi & baseHi;
    kinds[i] = kind;
    access[i] = (value >>> ACCESS_SHIFT) & ACCESS_MASK;
    flags[i] = value >>> FLAGS_SHIFT;
    frames[2 * i] = (((lo & baseLo) >>> PFN_SHIFT) | (pfnHi << PFN_HIGH)) & present;
    frames[2 * i + 1] = (pfnHi >>> PFN_SHIFT) & present;
    generation[i] = 0;
    if (kind === KIND_CODES.mmio) decodeMmio(mmio, hi, lo, i, frames, generation);
  }
}

/** Decodes entries whose rule has no table. */
export function decodeOneByOne(
  level: number | null,
  span: Span,
  { baseHi, baseLo, mmio, table }: Decoding,
  columns: DecodedColumns,
): void {
  const frames = halves(columns.frame);
  const words = span.entries.halves;
  mapOneByOne(table, level, span, (i, value) => {
    const lo = words[2 * i] as number;
    const hi = words[2 * i + 1] as number;
    const kind = value & KIND_MASK;
    columns.kind[i] = kind;
    columns.access[i] = (value >>> ACCESS_SHIFT) & ACCESS_MASK;
    columns.flags[i] = value >>> FLAGS_SHIFT;
    const present = -((PRESENT_KINDS >>> kind) & 1);
    frames[2 * i] = (((lo & baseLo) >>> PFN_SHIFT) | ((hi & baseHi) << PFN_HIGH)) & present;
    frames[2 * i + 1] = ((hi & baseHi) >>> PFN_SHIFT) & present;
    columns.generation[i] = 0;
    if (kind === KIND_CODES.mmio) decodeMmio(mmio, hi, lo, i, frames, columns.generation);
  });
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
