// SPDX-License-Identifier: GPL-2.0-only
/**
 * KVM's page table entries by the million: core's rules, asked once for each distinct pattern and then looked up.
 *
 * @module
 */
export type { Fallback } from '@spte/core';
export {
  ACCESS_BITS,
  AD_TYPE_SHIFT,
  AD_TYPES,
  FINDING_BITS,
  FLAG_BITS,
  findingBitsOf,
  findingsOf,
  KIND_CODES,
  kindsOf,
  REQUEST_BITS,
  SPTE_KINDS,
} from './codes.ts';
export { type CompileOptions, compile } from './compile.ts';
export type { Predicate } from './compiled-rules.ts';
export type { DecodedColumns } from './decoding.ts';
export type { EncodeColumns, EncodeRequest } from './encoder.ts';
export { BatchEngine } from './engine.ts';
export type { Entries } from './entries.ts';
export type { Levels } from './levels.ts';
export type { Rule } from './rule-table.ts';
export type { DecodedEntry, EntryMapping } from './scalar.ts';
