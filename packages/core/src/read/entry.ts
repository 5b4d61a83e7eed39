// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from '../bits/arguments.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import { isRemovedSpte, isShadowPresentPte } from '../rules/predicates.ts';
import { presentKind, type SpteKind } from './spte-kind.ts';

/** An entry at hand: what decoding, judging and explaining ask first, found out once. */
export interface Entry<Level extends number | null = number | null> {
  readonly mmu: Mmu;
  readonly spte: bigint;
  /** 1..5; null when it is not known. */
  readonly level: Level;
  readonly kind: SpteKind;
  /** What a policy reads in an entry of kind `mmio`; null for every other. */
  readonly reading: PolicyReading | null;
}

/**
 * Takes an entry in hand. The arguments are not checked: {@link checkEntry} does that, once, where a caller hands them
 * in.
 */
export function entryAt<Level extends number | null>(mmu: Mmu, spte: bigint, level: Level): Entry<Level> {
  if (isRemovedSpte(mmu, spte)) return { mmu, spte, level, kind: 'frozen', reading: null };
  if (isShadowPresentPte(mmu, spte)) {
    return { mmu, spte, level, kind: presentKind(mmu, spte, level), reading: null };
  }
  const reading = readByPolicy(mmu, spte);
  if (reading !== null) return { mmu, spte, level, kind: 'mmio', reading };
  const empty = spte === 0n || spte === mmu.layout.empty;
  return { mmu, spte, level, kind: empty ? 'empty' : 'unknown', reading: null };
}

/**
 * Refuses anything that is not an entry.
 *
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level
 */
export function checkEntry(spte: bigint, level: number | null): void {
  checkU64('spte', spte);
  if (level !== null) checkLevel('level', level);
}

/**
 * Says what an entry is.
 *
 * @param level level of the entry, 1..5; when it is not known, bits that KVM sets in leaves only tell a leaf from a
 *   table
 * @throws TypeError, RangeError when `spte` is not a 64-bit word or there is no such level, and for no other reason
 *
 * @example
 * ```ts
 * import { createMmu, spteKind } from '@spte/core';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx() });
 * [0x600000455299b77n, 0x5a0n, 0n].map((spte) => spteKind(mmu, spte, 1)); // [ 'leaf', 'frozen', 'empty' ]
 * // Above level 1, bit 7 tells a huge page from a table.
 * [0x6000004552008f7n, 0x17a907n].map((spte) => spteKind(mmu, spte, 2)); // [ 'leaf', 'table' ]
 * ```
 */
export function spteKind(mmu: Mmu, spte: bigint, level: number | null): SpteKind {
  checkEntry(spte, level);
  return entryAt(mmu, spte, level).kind;
}

/** What the first policy that recognises the entry reads in it. */
export function readByPolicy(mmu: Mmu, spte: bigint): PolicyReading | null {
  for (const { read } of mmu.policies) {
    const reading = read?.(mmu, spte) ?? null;
    if (reading !== null) return reading;
  }
  return null;
}
