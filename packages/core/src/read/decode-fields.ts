// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, type FieldOwner, fieldValue } from '../bits/bit-field.ts';
import { hex } from '../bits/bits.ts';
import type { Because } from './because.ts';
import type { Entry } from './entry.ts';
import { type Place, shapeOf } from './shape.ts';

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

/** Names every bit of an entry, highest first. */
export function decodeFields(entry: Entry): DecodedField[] {
  const { places } = shapeOf(entry);
  const { spte, reading } = entry;
  return places.map((place) => {
    const byPolicy = reading?.fields.find(({ name }) => name === place.name);
    return decodedField(place, byPolicy?.value ?? (spte & place.mask) >> place.shift);
  });
}

function decodedField(place: Place, value: bigint): DecodedField {
  const { name, mask, owner, meaning, clear, values, why, because } = place;
  return {
    name,
    mask,
    value,
    text: values?.[Number(value)] ?? hex(value),
    owner,
    meaning: value === 0n ? (clear ?? meaning) : meaning,
    why,
    because,
  };
}

/** The value of a field in words: a bit is yes or no, a value with a name is that name. */
export function fieldText(field: BitField, spte: bigint): string {
  const value = fieldValue(spte, field);
  if (field.high === field.low) return value === 0n ? 'no' : 'yes';
  return field.values?.[Number(value)] ?? hex(value);
}
