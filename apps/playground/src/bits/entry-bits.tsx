// SPDX-License-Identifier: GPL-2.0-only
import type { ComponentChildren } from 'preact';
import type { BitItem } from './bit-item.ts';
import { BitRuler } from './bit-ruler.tsx';
import { BitTable } from './bit-table.tsx';
import type { Cell } from './cells.ts';
import { HexValue } from './hex-value.tsx';
import { useHighlight } from './use-highlight.ts';

interface EntryBitsProps {
  readonly value: bigint;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly tableTitle: string;
  /** What else there is to say, beside the table. */
  readonly children: ComponentChildren;
}

/** An entry as hex, as 64 bits and as a table; pointing at one of them shows the same bits in the others. */
export function EntryBits({ value, cells, items, tableTitle, children }: EntryBitsProps) {
  const highlight = useHighlight();
  return (
    <div class="entry-bits">
      <HexValue value={value} spot={highlight.spot} />
      <BitRuler cells={cells} items={items} highlight={highlight} />
      <p class="caption">
        {highlight.spot?.caption ?? 'Point at a bit or a row, or move through the bits with the arrow keys.'}
      </p>
      <div class="details">
        <BitTable title={tableTitle} items={items} highlight={highlight} />
        <div class="aside">{children}</div>
      </div>
    </div>
  );
}
