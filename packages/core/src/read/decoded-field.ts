// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, type FieldOwner, fieldValue } from '../bits/bit-field.ts';
import { type Halves, halves, hex } from '../bits/bits.ts';
import type { Because } from './because.ts';

/** A field of an entry with its value. All fields of a decoded entry together cover its 64 bits, each bit once. */
export interface DecodedField {
  readonly name: string;
  readonly mask: bigint;
  /** Bits of the field, shifted down to 0; an address stays in its place, in bytes. */
  readonly value: bigint;
  /** `none`: neither the CPU nor KVM gives these bits a meaning here. */
  readonly owner: FieldOwner | 'none';
  /** What this value of the field means. */
  readonly meaning: string;
  /** The value in words. */
  readonly text: string;
  /** Why KVM sets the field as it does; null where there is nothing to say. */
  readonly why: string | null;
  readonly because: Because;
}

/** A field at the bits that it got. */
export interface Field extends Omit<DecodedField, 'value' | 'text'> {
  /** What it means that all bits are clear; null where that has no meaning of its own. */
  readonly clear: string | null;
  /** Brings the bits down to the value. */
  readonly shift: bigint;
  /** Names of values. */
  readonly values: BitField['values'];
}

/** The names of the values of a bit. */
export const YES_NO: BitField['values'] = { 0: 'no', 1: 'yes' };

/** What a field says where its bits are all clear, and all set: most are one or the other in most entries. */
export interface Place extends Pick<Field, 'shift' | 'values'> {
  /** Its bits. */
  readonly bits: Halves;
  readonly whenClear: DecodedField;
  readonly whenSet: DecodedField;
}

export function placeOf({ name, mask, owner, meaning, clear, why, shift, values, because }: Field): Place {
  const says = (value: bigint, meaning: string): DecodedField => ({
    name,
    mask,
    value,
    text: valueText(values, value),
    owner,
    meaning,
    why,
    because,
  });
  return {
    bits: halves(mask),
    shift,
    values,
    whenClear: says(0n, clear ?? meaning),
    whenSet: says(mask >> shift, meaning),
  };
}

/** What a field says in an entry, whose halves are given too. */
export function decodedField(place: Place, spte: bigint, { upper, lower }: Halves): DecodedField {
  const { bits, shift, whenClear, whenSet } = place;
  const ownUpper = upper & bits.upper;
  const ownLower = lower & bits.lower;
  if ((ownUpper | ownLower) === 0) return whenClear;
  if (ownUpper === bits.upper && ownLower === bits.lower) return whenSet;
  return decodedAs(place, (spte & whenSet.mask) >> shift);
}

/** What a field says that has a value, whatever bits that is read from. */
export function decodedAs({ values, whenClear, whenSet }: Place, value: bigint): DecodedField {
  if (value === 0n) return whenClear;
  const { name, mask, owner, meaning, why, because } = whenSet;
  return { name, mask, value, text: valueText(values, value), owner, meaning, why, because };
}

const valueText = (values: BitField['values'], value: bigint): string =>
  values?.[Number(value)] ?? hex(value);

/** The value of a field in words: a bit is yes or no, a value with a name is that name. */
export function fieldText(field: BitField, spte: bigint): string {
  return valueText(field.high === field.low ? YES_NO : field.values, fieldValue(spte, field));
}
