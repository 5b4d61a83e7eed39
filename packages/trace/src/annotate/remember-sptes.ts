// SPDX-License-Identifier: GPL-2.0-only
import { bits, hex, type Mmu, spteToPfn } from '@spte/core';
import type { TracedSpte } from '../events/record.ts';
import { outsideAddress } from '../text/halves.ts';
import { type AnnotatedSpte, annotateSpte } from './annotate-spte.ts';

/** Where an entry's address is. */
export const ADDRESS: bigint = bits(51, 12);
/** The bit that makes an entry above the last level a mapping. */
export const PAGE_SIZE: bigint = 1n << 7n;
const LEVELS = [1, 2, 3, 4, 5];

/** Bits of an address within a huge page, which are no part of the page's own. */
const LEVEL_BITS = 9;

/** Where the entries of the guest are kept, beside those of five levels and of none. */
const GUEST = 6;

/** Most values that are remembered one by one, at each level. */
const MOST_VALUES = 1 << 14;

/**
 * Annotates SPTEs as {@link annotateSpte} does, but looks only once at those that differ in nothing but their address.
 *
 * What an entry is, and whether it is clean, depends on its bits outside the address and on its level. Address bits
 * count where they are reserved, belong to encryption, mark MMIO or lie within the huge page; an entry with one of them
 * set, or without the C-bit, is looked at on its own, and so is one of MMIO, or without an address.
 */
export function rememberSptes(mmu: Mmu): (spte: TracedSpte, gfn: string | null) => AnnotatedSpte {
  const telling = tellingBits(mmu);
  const usual = usualBits(mmu);
  const alike = new Map<number, AnnotatedSpte | null>();
  /** By level, 0 where it is not known; entries of the guest come last. */
  const values = Array.from({ length: GUEST + 1 }, () => new Map<bigint, AnnotatedSpte>());

  const alone = (spte: TracedSpte, gfn: string | null): AnnotatedSpte => {
    const row = values[spte.role === 'guest' ? GUEST : (spte.level ?? 0)] as Map<bigint, AnnotatedSpte>;
    let known = row.get(spte.value);
    if (known === undefined) {
      known = annotateSpte(spte, mmu, null);
      if (row.size >= MOST_VALUES) row.clear();
      row.set(spte.value, known);
    }
    // The guest's are kept by value alone, whatever their level.
    return { ...known, role: spte.role, level: spte.level, gfn: known.kind === 'mmio' ? known.gfn : gfn };
  };

  return (spte, gfn) => {
    const { role, value, level } = spte;
    const address = value & ADDRESS;
    const told = address ^ usual;
    const rows = telling[level ?? 0] as (typeof telling)[number];
    const [clear, set] = rows;
    const row = (value & PAGE_SIZE) === 0n ? clear : set;
    if (role === 'guest' || address === 0n || (told & row) !== 0n) return alone(spte, gfn);
    const key = (level ?? 0) * 2 ** 24 + outsideAddress(value);
    let known = alike.get(key);
    if (known === undefined) {
      const first = annotateSpte(spte, mmu, null);
      known = isLikeOthers(first, told, rows) ? first : null;
      alike.set(key, known);
    }
    if (known === null || !isLikeOthers(known, told, rows)) return alone(spte, gfn);
    return {
      ...known,
      role,
      value: hex(value),
      gfn,
      pfn: known.pfn === null ? null : hex(spteToPfn(mmu, value)),
    };
  };
}

/** The address bits that say more than where the page is unless they are as usual, with bit 7 clear and with it set. */
export type TellingBits = readonly [clear: bigint, set: bigint];

/**
 * Whether what is said of an entry holds for all that differ from it in address bits that tell nothing. What is wrong
 * with an entry may name bits of its address, or bit 7 after a look at how it would be the other way round.
 *
 * @param told address bits that are not as usual
 */
export function isLikeOthers(
  { kind, findings }: AnnotatedSpte,
  told: bigint,
  [clear, set]: TellingBits,
): boolean {
  if (kind === 'mmio') return false;
  if (findings.length === 0) return true;
  return (told & (clear | set)) === 0n && !findings.some(({ bits }) => bits.some(isAddressBit));
}

const isAddressBit = (bit: number): boolean => (ADDRESS & (1n << BigInt(bit))) !== 0n;

/** The address bits that are set in entries of which they tell nothing: the C-bit. */
export function usualBits({ masks }: Mmu): bigint {
  return masks.meValue & ADDRESS;
}

/** By level, 0 where it is not known. */
export function tellingBits({ masks, zeroCheck }: Mmu): TellingBits[] {
  const always = masks.meMask | masks.meValue | masks.mmioMask;
  const rows = LEVELS.map(
    (level): TellingBits => [
      always | (zeroCheck.bit7Clear[level - 1] as bigint),
      always |
        (zeroCheck.bit7Set[level - 1] as bigint) |
        (level === 1 ? 0n : bits(11 + LEVEL_BITS * (level - 1), 12)),
    ],
  );
  const anyLevel = rows.reduce(([clear, set], row) => [clear | row[0], set | row[1]], [0n, 0n]);
  return [anyLevel, ...rows];
}
