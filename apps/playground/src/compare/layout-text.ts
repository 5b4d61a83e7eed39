// SPDX-License-Identifier: GPL-2.0-only
import { type BitField, hex, type Layout, type LayoutDifference } from '@spte/core';
import { bitPhrase } from '../bits/bit-ranges.ts';

const bitsOf = (...fields: readonly Pick<BitField, 'mask'>[]): string =>
  bitPhrase(fields.reduce((mask, field) => mask | field.mask, 0n));

/** A constant of a layout as a place in the entry, where it is one. */
export function layoutText(layout: Layout, name: LayoutDifference['name']): string {
  switch (name) {
    case 'hostWritable':
    case 'mmuWritable': {
      const { ept, legacy } = layout[name];
      return `EPT ${bitsOf(ept)}; legacy ${bitsOf(legacy)}`;
    }
    case 'mmuPresent':
    case 'mmioMarker':
    case 'adType': {
      const field = layout[name];
      return field === null ? 'none' : bitsOf(field);
    }
    case 'savedBits':
      return bitsOf(...layout.savedBits.fields);
    case 'mmioGeneration':
      return bitsOf(layout.mmioGeneration.high, layout.mmioGeneration.low);
    case 'mmioAllowed':
      return bitsOf({ mask: layout.mmioAllowed });
    case 'frozen':
    case 'empty': {
      const value = layout[name];
      return value === null ? 'none' : hex(value);
    }
    case 'since':
    case 'until':
      return layout[name] ?? 'now';
  }
}
