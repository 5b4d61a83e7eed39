// SPDX-License-Identifier: GPL-2.0-only
import type { BitField } from '../bits/bit-field.ts';
import { bitNumbers, hex } from '../bits/bits.ts';
import { bitsText } from './words.ts';

const isBitField = (value: object): value is BitField => 'high' in value && typeof value.high === 'number';

/**
 * A constant of a layout in words: the places of fields, and values, each part by its name.
 *
 * @example
 * ```ts
 * import { constantText, layoutFor, parseKernelVersion } from '@spte/core';
 *
 * const { adType, empty } = layoutFor(parseKernelVersion('6.12'));
 * [constantText(adType), constantText(empty)]; // [ 'bits 53:52', '0x8000000000000000' ]
 * ```
 */
export function constantText(value: unknown): string {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return 'none';
  if (isBitField(value)) return bitsText(bitNumbers(value.mask));
  if (Array.isArray(value)) return value.map(constantText).join(', ');
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${constantText(part)}`)
    .join('; ');
}
