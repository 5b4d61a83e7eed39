// SPDX-License-Identifier: GPL-2.0-only
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { BitItem } from './bit-item.ts';
import { maskOf } from './bit-ranges.ts';
import { BitTable } from './bit-table.tsx';
import type { Cell } from './cells.ts';
import { CopyMenu } from './copy-menu.tsx';
import { HexValue } from './hex-value.tsx';
import { type BitDetails, Inspector } from './inspector.tsx';
import { OwnerLegend } from './owner-legend.tsx';
import { Register } from './register.tsx';
import { inspectorPlace } from './room.ts';
import { useHighlight } from './use-highlight.ts';
import { useWidth } from './use-width.ts';

interface EntryBitsProps {
  readonly value: bigint;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly tableTitle: string;
  /** Whether the items are steps, in their order. */
  readonly numbered?: boolean;
  /** What else there is to say, between the bits and their table. */
  readonly children?: ComponentChildren;
  readonly details?: BitDetails;
  /** Takes the entry with one bit turned over, where it can be changed. */
  readonly onFlip?: (value: bigint) => void;
}

const NO_DETAILS: BitDetails = {};

/** An entry as hex, as 64 bits and as a table; pointing at one of them shows the same bits in the others. */
export function EntryBits({
  value,
  cells,
  items,
  tableTitle,
  numbered = false,
  children,
  details = NO_DETAILS,
  onFlip,
}: EntryBitsProps) {
  const whole = useRef<HTMLDivElement>(null);
  const place = inspectorPlace(useWidth(whole));
  const highlight = useHighlight();
  const flip = onFlip === undefined ? undefined : (bit: number) => onFlip(value ^ (1n << BigInt(bit)));
  const wrong = maskOf(cells.filter(({ wrong }) => wrong).map(({ bit }) => bit));
  return (
    <div class="entry-bits" ref={whole}>
      <div class={`entry-layout inspector-${place}`}>
        <div class="entry-register">
          <div class="entry-top">
            <HexValue value={value} spot={highlight.spot} wrong={wrong} />
            <CopyMenu value={value} cells={cells} />
            <OwnerLegend />
          </div>
          <Register cells={cells} items={items} highlight={highlight} onFlip={flip} />
        </div>
        <Inspector cells={cells} items={items} highlight={highlight} details={details} onFlip={flip} />
        <div class="entry-rest">
          {children}
          <BitTable title={tableTitle} items={items} numbered={numbered} highlight={highlight} />
        </div>
      </div>
    </div>
  );
}
