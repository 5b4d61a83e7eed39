// SPDX-License-Identifier: GPL-2.0-only
import { bits } from './bits.ts';

/** Who gives a bit its meaning: the page walker of the CPU, or KVM in a bit that the CPU ignores. */
export type FieldOwner = 'hardware' | 'kvm';

/** A named run of bits within an entry. */
export interface BitField<Name extends string = string> {
  readonly name: Name;
  /** Highest bit, 0..63. */
  readonly high: number;
  /** Lowest bit, 0..63. */
  readonly low: number;
  readonly owner: FieldOwner;
  /** What a set bit, or the value, says. */
  readonly meaning: string;
  /** What the bit says when it is clear; absent where that is the value's business, as for an address. */
  readonly clear?: string | undefined;
  /** All bits of the field. */
  readonly mask: bigint;
  /** `(spte & mask) >> shift` is the value of the field. */
  readonly shift: bigint;
  /** Names of the values that have one. */
  readonly values?: Readonly<Record<number, string>> | undefined;
  /** Why KVM sets the field as it does, in words that hold for a set bit and for a clear one. */
  readonly why?: string | undefined;
  /** The lowest and the highest level at which the field exists; all when absent. */
  readonly levels?: readonly [number, number] | undefined;
}

/** What not every field has. */
export type FieldDetails = Pick<BitField, 'clear' | 'values' | 'levels' | 'why'>;

/** Fields by name. */
export type Fields<Name extends string> = { readonly [N in Name]: BitField<N> };

/** Makes a field of bits `high` down to `low`. */
export function field<const Name extends string>(
  name: Name,
  high: number,
  low: number,
  owner: FieldOwner,
  meaning: string,
  details: FieldDetails = {},
): BitField<Name> {
  return { name, high, low, owner, meaning, mask: bits(high, low), shift: BigInt(low), ...details };
}

/** Whether a field exists in an entry at `level`; every field does when the level is not known. */
export function hasField({ levels }: BitField, level: number | null): boolean {
  return level === null || levels === undefined || (levels[0] <= level && level <= levels[1]);
}

/** The value of a field within an entry, shifted down. */
export function fieldValue(spte: bigint, { mask, shift }: Pick<BitField, 'mask' | 'shift'>): bigint {
  const inPlace = spte & mask;
  // Most are, and to shift a bigint takes longer than to ask.
  return inPlace === 0n ? 0n : inPlace >> shift;
}

/** Every pair of fields that share a bit. */
export function overlappingFields(fields: readonly BitField[]): [BitField, BitField][] {
  return fields.flatMap((a, i) =>
    fields.slice(i + 1).flatMap((b): [BitField, BitField][] => ((a.mask & b.mask) === 0n ? [] : [[a, b]])),
  );
}
