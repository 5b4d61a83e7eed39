// SPDX-License-Identifier: GPL-2.0-only
import { type Because, because, bitNumbers, type Finding, hex, type Mmu } from '@spte/core';

/** What only a walk can find wrong; the tables behind such an entry are not walked. */
export type WalkFindingCode =
  | 'table-loop' /** The entry points to a table above itself. */
  | 'table-hole' /** The entry points outside the memory, or to where it is cut short. */
  | 'table-reserved-address' /** The entry points beyond the physical addresses of the machine. */;

/** Something wrong with where an entry points, in the shape of core's findings. */
export interface WalkFinding extends Omit<Finding, 'code'> {
  /** Stable name. */
  readonly code: WalkFindingCode;
}

/** Something wrong with an entry of a walk: with its bits, or with where it points. */
export type EntryFinding = Finding | WalkFinding;

const TEXTS: { readonly [Code in WalkFindingCode]: { readonly text: string; readonly next: string } } = {
  'table-loop': {
    text: 'is a table above this entry: the tables form a loop',
    next: 'a recursive mapping of another system, an address that is not a root, or a stray write',
  },
  'table-hole': {
    text: 'is not in this memory',
    next: 'an image that is cut short or does not hold all memory, a torn copy, or a stray write',
  },
  'table-reserved-address': {
    text: "is beyond the machine's physical addresses",
    next: 'a wider machine than the one described, or a stray write',
  },
};

/** A finding about the table that an entry points to, at `address` (bytes). */
export function walkFinding(mmu: Mmu, code: WalkFindingCode, address: bigint): WalkFinding {
  const { text, next } = TEXTS[code];
  const { mask } = mmu.vendor.format.address;
  const source: Because = because(mmu, 'spte_to_child_pt', mask);
  return {
    code,
    severity: 'error',
    bits: bitNumbers(address & mask),
    text: `the table at ${hex(address)} ${text}`,
    next,
    because: source,
  };
}
