// SPDX-License-Identifier: GPL-2.0-only
import { halves } from '../bits/bits.ts';
import { type DecodedField, decoded, decodedField } from './decoded-field.ts';
import type { Entry } from './entry.ts';
import type { Shape } from './shape.ts';

/** Names every bit of an entry, highest first. */
export function decodeFields({ spte, reading }: Entry, { places, fieldAt }: Shape): DecodedField[] {
  const parts = halves(spte);
  return places.map((place, i) => {
    const read = reading?.fields[fieldAt[i] as number];
    return read === undefined ? decodedField(place, spte, parts) : decoded(place, read.value);
  });
}
