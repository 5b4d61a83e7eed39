// SPDX-License-Identifier: GPL-2.0-only
import {
  ADDRESS,
  addressDependence,
  BoundedMap,
  bitNumbers,
  type Candidate,
  type Fallback,
  hex,
  LEVELS,
  type Mmu,
  PT,
  type SignificantBits,
  significantBits,
  spteToPfn,
} from '@spte/core';
import type { TracedSpte } from '../events/record.ts';
import { outsideAddress } from '../text/outside-address.ts';
import { type AnnotatedSpte, annotateSpte, isMmioElsewhere } from './annotate-spte.ts';

/** Where the entries of the guest are kept, beside those of five levels and of none. */
const GUEST = 6;

/** Values that are remembered one by one at each level, at most; real traces have a few hundred such. */
const MAX_VALUES = 1 << 14;

/** Patterns of entries that are alike, at most; real traces have a few dozen. */
const MAX_PATTERNS = 1 << 16;

/**
 * Annotates SPTEs as {@link annotateSpte} does, but looks only once at those that differ in nothing but their address.
 *
 * What an entry is, and whether it is clean, depends on its level, on its bits outside the address, and on the address
 * bits that core's `significantBits()` names. An entry in which one of these is not as usual is looked at on its own, and
 * so is one of MMIO, or without an address.
 */
export function rememberSptes(
  mmu: Mmu,
  others: readonly Candidate[] = [],
): (spte: TracedSpte, gfn: string | null) => AnnotatedSpte {
  const significant = significantByLevel(mmu, others);
  const usual = usualBits(mmu);
  const alike = new BoundedMap<number, AnnotatedSpte | null>(MAX_PATTERNS);
  /** By level, 0 where it is not known; entries of the guest come last. */
  const values = Array.from({ length: GUEST + 1 }, () => new BoundedMap<bigint, AnnotatedSpte>(MAX_VALUES));

  const alone = (spte: TracedSpte, gfn: string | null): AnnotatedSpte => {
    const row = values[spte.role === 'guest' ? GUEST : (spte.level ?? 0)] as (typeof values)[number];
    const known = row.get(spte.value);
    if (known === undefined) {
      const first = annotateSpte(spte, mmu, gfn, others);
      row.set(spte.value, first);
      return first;
    }
    // The guest's are kept by value alone, whatever their level.
    return { ...known, role: spte.role, level: spte.level, gfn: known.kind === 'mmio' ? known.gfn : gfn };
  };

  return (spte, gfn) => {
    const { role, value, level } = spte;
    const address = value & ADDRESS;
    const unusual = address ^ usual;
    const rows = significant[level ?? 0] as SignificantBits;
    const row = (value & PT.pageSize.mask) === 0n ? rows.bit7Clear : rows.bit7Set;
    if (role === 'guest' || address === 0n || (unusual & row) !== 0n) return alone(spte, gfn);
    const key = (level ?? 0) * 2 ** 24 + outsideAddress(value);
    let known = alike.get(key);
    if (known === undefined) {
      const first = annotateSpte(spte, mmu, gfn, others);
      known = isLikeOthers(first, unusual, rows) && !isMmioElsewhere(spte, others) ? first : null;
      alike.set(key, known);
      return first;
    }
    if (known === null || !isLikeOthers(known, unusual, rows)) return alone(spte, gfn);
    return {
      ...known,
      role,
      value: hex(value),
      gfn,
      pfn: known.pfn === null ? null : hex(spteToPfn(mmu, value)),
    };
  };
}

/** Why annotating asks the rules about every single value; nothing where like entries are remembered. */
export function annotatorFallbacks(mmu: Mmu): readonly Fallback[] {
  const { unknown } = addressDependence(mmu, null);
  return unknown === null ? [] : [{ what: 'annotate', why: unknown }];
}

/**
 * Whether what is said of an entry holds for all that differ from it in address bits that are not significant. What is
 * wrong with an entry may name bits of its address, or bit 7 after a look at how it would be the other way round.
 *
 * @param unusual address bits that are not as usual
 */
export function isLikeOthers(
  { kind, findings, possible }: AnnotatedSpte,
  unusual: bigint,
  { bit7Clear, bit7Set }: SignificantBits,
): boolean {
  if (kind === 'mmio') return false;
  const wrong = [...findings, ...possible];
  if (wrong.length === 0) return true;
  if ((unusual & (bit7Clear | bit7Set)) !== 0n) return false;
  return !wrong.some(({ bits }) => bits.some((bit) => ADDRESS_BITS.has(bit)));
}

const ADDRESS_BITS: ReadonlySet<number> = new Set(bitNumbers(ADDRESS));

/** The address bits that are set in most entries though they are significant: the C-bit. */
export function usualBits({ masks }: Mmu): bigint {
  return masks.meValue & ADDRESS;
}

/** Of all contexts together, by level, 0 where it is not known. */
export function significantByLevel(mmu: Mmu, others: readonly Candidate[]): SignificantBits[] {
  return [null, ...LEVELS].map((level) =>
    [mmu, ...others.map((other) => other.mmu)]
      .map((one) => significantBits(one, level))
      .reduce((all, { bit7Clear, bit7Set }) => ({
        bit7Clear: all.bit7Clear | bit7Clear,
        bit7Set: all.bit7Set | bit7Set,
      })),
  );
}
