// SPDX-License-Identifier: GPL-2.0-only
import { hexDigits } from './bit-ranges.ts';
import type { Spot } from './use-highlight.ts';

const BITS_PER_DIGIT = 4n;

interface HexValueProps {
  readonly value: bigint;
  readonly spot: Spot | null;
  /** The bits with which something is wrong. */
  readonly wrong?: bigint;
}

/** All 16 digits of an entry, each once; those with highlighted bits are marked, and those with wrong ones. */
export function HexValue({ value, spot, wrong = 0n }: HexValueProps) {
  const digits = hexDigits(value).map((digit, index) => {
    const shift = BITS_PER_DIGIT * BigInt(15 - index);
    const has = (mask: bigint): boolean => ((mask >> shift) & 0xfn) !== 0n;
    const classes = [
      'hex-digit',
      has(spot?.mask ?? 0n) && 'is-lit',
      has(wrong) && 'is-wrong',
      shift % 16n === 12n && 'starts-group',
    ];
    return { digit, shift: Number(shift), classes: classes.filter((name) => name !== false).join(' ') };
  });
  return (
    <p class="hex-value">
      <span class="hex-prefix">0x</span>
      {digits.map(({ digit, shift, classes }) => (
        <span key={shift} class={classes}>
          {digit}
        </span>
      ))}
    </p>
  );
}
