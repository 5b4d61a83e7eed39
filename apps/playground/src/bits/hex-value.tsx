// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { hexDigits } from './bit-ranges.ts';
import type { Spot } from './use-highlight.ts';

const BITS_PER_DIGIT = 4n;

/** All 16 digits of an entry; those with highlighted bits are marked. */
export function HexValue({ value, spot }: { readonly value: bigint; readonly spot: Spot | null }) {
  const digits = hexDigits(value).map((digit, index) => {
    const shift = BITS_PER_DIGIT * BigInt(15 - index);
    const lit = spot !== null && ((spot.mask >> shift) & 0xfn) !== 0n;
    return { digit, shift: Number(shift), lit };
  });
  return (
    <p class="hex-value">
      <span class="visually-hidden">{hex(value)}</span>
      <span aria-hidden="true">
        <span class="hex-prefix">0x</span>
        {digits.map(({ digit, shift, lit }) => (
          <span
            key={shift}
            class={`hex-digit${lit ? ' is-lit' : ''}${shift % 16 === 12 ? ' starts-group' : ''}`}
          >
            {digit}
          </span>
        ))}
      </span>
    </p>
  );
}
