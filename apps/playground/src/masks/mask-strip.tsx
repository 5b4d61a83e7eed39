// SPDX-License-Identifier: GPL-2.0-only
import { bitRanges } from '../bits/bit-ranges.ts';

/** Room for each bit, and ticks at the bytes. */
const BIT_WIDTH = 3;
const HEIGHT = 12;
const BYTES = [8, 16, 24, 32, 40, 48, 56];

/** A small picture of where in an entry the bits of a mask are; 63 is on the left. */
export function MaskStrip({ mask }: { readonly mask: bigint }) {
  return (
    <svg class="mask-strip" viewBox={`0 0 ${64 * BIT_WIDTH} ${HEIGHT}`} aria-hidden="true">
      <rect class="strip-ground" width={64 * BIT_WIDTH} height={HEIGHT} />
      {BYTES.map((bits) => (
        <rect key={bits} class="strip-tick" x={bits * BIT_WIDTH - 0.5} width={1} height={HEIGHT} />
      ))}
      {bitRanges(mask).map(({ high, low }) => (
        <rect
          key={high}
          class="strip-bits"
          x={(63 - high) * BIT_WIDTH}
          width={(high - low + 1) * BIT_WIDTH}
          height={HEIGHT}
        />
      ))}
    </svg>
  );
}
