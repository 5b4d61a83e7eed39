// SPDX-License-Identifier: GPL-2.0-only
import { halves } from '../bits/bits.ts';
import type { PolicyField } from '../mmu/contract.ts';
import { type DecodedField, decodedAs, decodedField } from './decoded-field.ts';
import type { Entry } from './entry.ts';
import { NOWHERE, type Shape } from './shape.ts';

/** Names every bit of an entry, highest first. */
export function decodeFields({ spte, reading }: Entry, { places, fieldAt }: Shape): DecodedField[] {
  const parts = halves(spte);
  if (reading === null) return places.map((place) => decodedField(place, spte, parts));
  const { fields } = reading;
  return places.map((place, i) => {
    const at = fieldAt[i] as number;
    return at === NOWHERE
      ? decodedField(place, spte, parts)
      : decodedAs(place, (fields[at] as PolicyField).value);
  });
}
