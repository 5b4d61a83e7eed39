// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, decoded, decodedField } from './decoded-field.ts';
import type { Entry } from './entry.ts';
import { shapeOf } from './shape.ts';

/** Names every bit of an entry, highest first. */
export function decodeFields(entry: Entry): DecodedField[] {
  const { spte, reading } = entry;
  const { places } = shapeOf(entry);
  if (reading === null) return places.map((place) => decodedField(place, spte));
  return places.map((place) => {
    // The first that claims all of the bits got them.
    const read = reading.fields.find(({ mask }) => (mask & place.mask) === place.mask);
    return read === undefined ? decodedField(place, spte) : decoded(place, read.value);
  });
}
