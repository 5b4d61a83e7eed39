// SPDX-License-Identifier: GPL-2.0-only
import { useRef, useState } from 'preact/hooks';
import { BitCell } from './bit-cell.tsx';
import { type BitItem, maskAround } from './bit-item.ts';
import { hasBit } from './bit-ranges.ts';
import type { Cell } from './cells.ts';
import type { Highlight, Spot } from './use-highlight.ts';

interface BitRulerProps {
  /** Tells the entry from another one on the page; it stands before what is said of a bit. */
  readonly name?: string;
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly highlight: Highlight;
}

/** Where a key leads from a bit; null for a key without a meaning here. */
function bitAfterKey(key: string, bit: number, perRow: number): number | null {
  switch (key) {
    case 'ArrowLeft':
      return Math.min(bit + 1, 63);
    case 'ArrowRight':
      return Math.max(bit - 1, 0);
    case 'ArrowUp':
      return bit + perRow > 63 ? bit : bit + perRow;
    case 'ArrowDown':
      return bit - perRow < 0 ? bit : bit - perRow;
    case 'Home':
      return 63;
    case 'End':
      return 0;
    default:
      return null;
  }
}

/**
 * The 64 bits, 63 first, coloured by field. One of them is in the tab order; the arrow keys move between them.
 */
export function BitRuler({ name, cells, items, highlight }: BitRulerProps) {
  const [current, setCurrent] = useState(63);
  const of = name === undefined ? '' : `${name}: `;
  const ruler = useRef<HTMLFieldSetElement>(null);

  const spotOf = ({ bit, set, field }: Cell): Spot => {
    const setters = items.filter(({ mask, rule }) => rule !== null && hasBit(mask, bit));
    const why = field.why === null ? '' : `; ${field.why}`;
    const reasons = setters.map(({ meaning, rule }) => ` Set by ${rule ?? ''}: ${meaning}.`).join('');
    return {
      mask: maskAround(bit, items, field),
      caption: `${of}Bit ${bit} is ${set ? 1 : 0}, ${field.name}: ${field.meaning}${why}.${reasons}`,
    };
  };

  const move = (event: KeyboardEvent, bit: number): void => {
    const perRow = bitsPerRow(ruler.current);
    const next = bitAfterKey(event.key, bit, perRow);
    if (next === null) return;
    event.preventDefault();
    ruler.current?.querySelector<HTMLButtonElement>(`[data-bit="${next}"]`)?.focus();
  };

  return (
    <fieldset class="ruler" ref={ruler}>
      <legend class="visually-hidden">{of}The 64 bits, from 63 to 0</legend>
      <div class="ruler-cells">
        {cells.map((cell) => (
          <BitCell
            key={cell.bit}
            cell={cell}
            lit={highlight.spot !== null && hasBit(highlight.spot.mask, cell.bit)}
            chosen={highlight.chosen !== null && hasBit(highlight.chosen.mask, cell.bit)}
            inTabOrder={cell.bit === current}
            onKeyDown={(event) => move(event, cell.bit)}
            onPoint={(pointed) => highlight.point(pointed ? spotOf(cell) : null)}
            onFocus={() => setCurrent(cell.bit)}
            onChoose={() => highlight.choose(spotOf(cell))}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** How many bits the page has room for in a row right now. */
function bitsPerRow(ruler: HTMLElement | null): number {
  const tops = Array.from(ruler?.querySelectorAll<HTMLElement>('[data-bit]') ?? [], (cell) => cell.offsetTop);
  return Math.max(tops.filter((top) => top === tops[0]).length, 1);
}
