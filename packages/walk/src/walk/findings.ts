// SPDX-License-Identifier: GPL-2.0-only
import {
  type Answer,
  because,
  bitNumbers,
  type Coded,
  type Finding,
  findingNext,
  findingText,
  hex,
  type Mmu,
} from '@spte/core';
import { MAX_REPEATS } from './repeats.ts';

/** Where the entry points to, in bytes. */
export interface TableBelow {
  readonly address: bigint;
}

/** What each finding says that only a walk can make; the tables behind such an entry are not walked. */
export interface WalkFindingParams {
  /** The entry points to a table above itself. */
  readonly 'table-loop': TableBelow;
  /** The entry points outside the memory, or to where it is cut short. */
  readonly 'table-hole': TableBelow;
  /** The entry points beyond the physical addresses of the machine. */
  readonly 'table-reserved-address': TableBelow;
  /** The entry points to a table that was walked before, as did too many others for the walk to end. */
  readonly 'table-repeats': TableBelow;
}

/** Stable names of what only a walk can find wrong. */
export type WalkFindingCode = keyof WalkFindingParams;

/** Something wrong with where an entry points, in the shape of core's findings. */
export type WalkFinding = Coded<WalkFindingParams> & Pick<Finding, 'severity' | 'bits' | 'because'>;

/** Something wrong with an entry of a walk: with its bits, or with where it points. */
export type EntryFinding = Finding | WalkFinding;

const TEXTS: { readonly [Code in WalkFindingCode]: { readonly is: string; readonly next: string } } = {
  'table-loop': {
    is: 'is a table above this entry: the tables form a loop',
    next: 'a recursive mapping of another system, an address that is not a root, or a stray write',
  },
  'table-hole': {
    is: 'is not in this memory',
    next: 'an image that is cut short or does not hold all memory, a torn copy, or a stray write',
  },
  'table-reserved-address': {
    is: "is beyond the machine's physical addresses",
    next: 'a wider machine than the one described, or a stray write',
  },
  'table-repeats': {
    is: `was walked before, and ${MAX_REPEATS} tables again already: none is any more`,
    next: 'a guest that shares tables more than any known one, or an image made to keep a walk busy',
  },
};

const isOfWalk = (finding: Answer): finding is WalkFinding => Object.hasOwn(TEXTS, finding.code);

/** What is wrong with an entry of a walk, in words. */
export function entryFindingText(finding: EntryFinding): string {
  if (!isOfWalk(finding)) return findingText(finding);
  return `the table at ${hex(finding.params.address)} ${TEXTS[finding.code].is}`;
}

/** What to do about it, or to ask next. */
export function entryFindingNext(finding: EntryFinding): string {
  return isOfWalk(finding) ? TEXTS[finding.code].next : findingNext(finding);
}

/** A finding about the table that an entry points to, at `address` (bytes). */
export function walkFinding(mmu: Mmu, code: WalkFindingCode, address: bigint): WalkFinding {
  const { mask } = mmu.vendor.format.address;
  return {
    code,
    severity: 'error',
    bits: bitNumbers(address & mask),
    params: { address },
    because: because(mmu, 'spte_to_child_pt', mask),
  };
}
