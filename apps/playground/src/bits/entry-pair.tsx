// SPDX-License-Identifier: GPL-2.0-only
import type { BitItem } from './bit-item.ts';
import { BitTable } from './bit-table.tsx';
import type { Cell } from './cells.ts';
import { HexValue } from './hex-value.tsx';
import { Register } from './register.tsx';
import { toldBits, toldLine } from './told-bits.ts';
import { type Highlight, useHighlight } from './use-highlight.ts';

/** One of two entries. */
interface PairedEntry {
  /** A word or a letter that tells it from the other one. */
  readonly name: string;
  readonly title: string;
  readonly value: bigint;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
}

interface EntryPairProps {
  readonly first: PairedEntry;
  readonly second: PairedEntry;
  /** What differs between them. */
  readonly items: readonly BitItem[];
  readonly tableTitle: string;
  readonly valueTitle: string;
  /** Said when nothing differs. */
  readonly none: string;
}

/** Two entries under each other, with the bits marked that differ, and a table of the differences. */
export function EntryPair({ first, second, items, tableTitle, valueTitle, none }: EntryPairProps) {
  const highlight = useHighlight();
  return (
    <div class="entry-bits">
      <Side entry={first} highlight={highlight} />
      <Side entry={second} highlight={highlight} />
      <p class="caption">{caption(highlight, [first, second], items)}</p>
      {items.length === 0 ? (
        <p class="no-difference">{none}</p>
      ) : (
        <BitTable title={tableTitle} valueTitle={valueTitle} items={items} highlight={highlight} />
      )}
    </div>
  );
}

/** What is said of the bits that are pointed at, in one of the entries or in the table. */
function caption({ spot }: Highlight, sides: readonly PairedEntry[], items: readonly BitItem[]): string {
  if (spot === null) return 'A bit that differs has a frame and a ≠ at its number.';
  const side = sides.find(({ name }) => spot.id.startsWith(`${name}/`));
  const told = toldBits(spot, side?.cells ?? [], side?.items ?? items);
  if (told === null) return '';
  return side === undefined ? toldLine(told) : `${side.name}: ${toldLine(told)}`;
}

function Side({ entry, highlight }: { readonly entry: PairedEntry; readonly highlight: Highlight }) {
  const { name, title, value, cells, items } = entry;
  return (
    <section class="pair-side" data-side={name}>
      <div class="pair-title">
        <h4>
          <span class="side-name">{name}</span> {title}
        </h4>
        <HexValue value={value} spot={highlight.spot} />
      </div>
      <Register name={name} cells={cells} items={items} highlight={highlight} />
    </section>
  );
}
