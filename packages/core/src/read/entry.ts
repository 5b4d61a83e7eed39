// SPDX-License-Identifier: GPL-2.0-only
import { checkLevel, checkU64 } from '../bits/arguments.ts';
import type { Mmu, PolicyReading } from '../mmu/contract.ts';
import type { CoreKind, SpteKind } from '../mmu/entry-kind.ts';
import { isFrozen, isShadowPresentPte } from '../rules/predicates.ts';
import { isEmpty, presentKind } from './spte-kind.ts';
import { type Answers, askPlugins, NOT_ASKED } from './takers.ts';

/** An entry at hand: what decoding, judging and explaining ask first, found out once. */
export interface Entry<Level extends number | null = number | null> {
  readonly mmu: Mmu;
  readonly spte: bigint;
  /** 1..5; null when it is not known. */
  readonly level: Level;
  readonly kind: SpteKind;
  /** What a policy reads in an entry of kind `mmio`; null for every other. */
  readonly reading: PolicyReading | null;
  /** What all plugins say of whose it is. */
  readonly answers: Answers;
}

/**
 * Takes an entry in hand. The arguments are not checked: {@link checkEntry} does that, once, where a caller hands them
 * in.
 */
export function entryAt<Level extends number | null>(mmu: Mmu, spte: bigint, level: Level): Entry<Level> {
  if (isFrozen(mmu, spte)) return coreEntry(mmu, spte, level, 'frozen');
  const present = isShadowPresentPte(mmu, spte);
  if (present) {
    const kind = presentKind(mmu, spte, level);
    // Before 5.13 everything else counts as present, also what no CPU walks.
    if (kind !== 'unknown') return coreEntry(mmu, spte, level, kind);
  }
  const answers = askPlugins(mmu, spte, level, present);
  const [taker] = answers.takers;
  if (taker !== undefined) return { mmu, spte, level, kind: taker.kind, reading: taker.reading, answers };
  return coreEntry(mmu, spte, level, !present && isEmpty(mmu, spte) ? 'empty' : 'unknown', answers);
}

/** An entry that no plugin takes. */
export function coreEntry<Level extends number | null>(
  mmu: Mmu,
  spte: bigint,
  level: Level,
  kind: CoreKind,
  answers: Answers = NOT_ASKED,
): Entry<Level> {
  return { mmu, spte, level, kind, reading: null, answers };
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
 *
 * @example
 * ```ts
 * import { createMmu, spteKind } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 * import { vmx } from '@spte/vendor-vmx';
 *
 * const on = (vendor: ReturnType<typeof vmx>) => createMmu({ kernel: '6.8', host: { physBits: 48 }, vendor });
 * // Bit 11 says that KVM's MMU made the entry: a guest's own entry is of no kind.
 * [svm(), vmx()].map((vendor) => spteKind(on(vendor), 0x18a600067n, 1)); // [ 'unknown', 'unknown' ]
 * ```
 */
export function spteKind(mmu: Mmu, spte: bigint, level: number | null): SpteKind {
  checkEntry(spte, level);
  return entryAt(mmu, spte, level).kind;
}
