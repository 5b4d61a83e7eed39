// SPDX-License-Identifier: GPL-2.0-only
import { useMemo, useRef, useState } from 'preact/hooks';
import { bitAfterKey } from './bit-after-key.ts';
import { BitButton } from './bit-button.tsx';
import { type BitItem, maskAround } from './bit-item.ts';
import { hasBit } from './bit-ranges.ts';
import { type Bracket, bracketsOf } from './brackets.ts';
import type { Cell } from './cells.ts';
import { rowLength } from './room.ts';
import type { Highlight, Spot } from './use-highlight.ts';
import { useWidth } from './use-width.ts';

interface RegisterProps {
  /** Tells the entry from another one on the page; it stands before what is said of a bit. */
  readonly name?: string;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly highlight: Highlight;
  /** Turns a bit over, where the entry can be changed. */
  readonly onFlip?: ((bit: number) => void) | undefined;
}

const isPlain = ({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean => !ctrlKey && !metaKey && !altKey;

/**
 * The 64 bits, 63 first, with brackets under the fields. One bit is in the tab order; the arrow keys move between them,
 * Enter pins one, F turns it over, Escape lets go.
 */
export function Register({ name = '', cells, items, highlight, onFlip }: RegisterProps) {
  const [current, setCurrent] = useState(63);
  const register = useRef<HTMLFieldSetElement>(null);
  const perRow = rowLength(useWidth(register));
  const rows = useMemo(() => rowsOf(cells, perRow), [cells, perRow]);

  const onKeyDown = (event: KeyboardEvent, bit: number): void => {
    if (!isPlain(event)) return;
    const next = bitAfterKey(event.key, bit, perRow);
    if (next !== null) {
      event.preventDefault();
      register.current?.querySelector<HTMLButtonElement>(`[data-bit="${next}"]`)?.focus();
    } else if (event.key === 'Escape') {
      highlight.release();
    } else if (event.key.toLowerCase() === 'f' && onFlip !== undefined) {
      event.preventDefault();
      onFlip(bit);
    }
  };

  const button = (cell: Cell, brackets: readonly Bracket[]) => {
    const spot: Spot = {
      bit: cell.bit,
      mask: maskAround(cell.bit, items, cell.field),
      id: `${name}/${cell.bit}`,
    };
    return (
      <BitButton
        key={cell.bit}
        cell={cell}
        first={brackets.some(({ high }) => high === cell.bit)}
        lit={highlight.spot !== null && hasBit(highlight.spot.mask, cell.bit)}
        pinned={highlight.pinned?.id === spot.id}
        inTabOrder={cell.bit === current}
        onKeyDown={(event) => onKeyDown(event, cell.bit)}
        onPoint={(pointed) => highlight.point(pointed ? spot : null)}
        onFocus={() => setCurrent(cell.bit)}
        onPin={() => highlight.pin(spot)}
      />
    );
  };

  return (
    <fieldset class="register" ref={register}>
      <legend class="visually-hidden">{name === '' ? '' : `${name}: `}The 64 bits, from 63 to 0</legend>
      {rows.map(({ row, brackets }) => (
        <div key={row[0]?.bit} class="band" style={{ '--bits': String(perRow) }}>
          {row.map((cell) => button(cell, brackets))}
          {brackets.map(({ high, low, owner, text, wrong }) => (
            <span
              key={high}
              class={`bracket owner-${owner}${wrong ? ' is-wrong' : ''}`}
              style={{ gridColumn: `span ${high - low + 1}` }}
              aria-hidden="true"
            >
              {text}
            </span>
          ))}
        </div>
      ))}
    </fieldset>
  );
}

interface Row {
  readonly row: readonly Cell[];
  readonly brackets: readonly Bracket[];
}

function rowsOf(cells: readonly Cell[], perRow: number): Row[] {
  return Array.from({ length: cells.length / perRow }, (_, index) => {
    const row = cells.slice(index * perRow, (index + 1) * perRow);
    return { row, brackets: bracketsOf(row) };
  });
}
