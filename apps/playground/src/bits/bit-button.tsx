// SPDX-License-Identifier: GPL-2.0-only
import type { Cell } from './cells.ts';
import { fieldWords, shortName } from './short-names.ts';

interface BitButtonProps {
  readonly cell: Cell;
  /** Whether it is the first bit of its bracket. */
  readonly first: boolean;
  readonly lit: boolean;
  readonly pinned: boolean;
  readonly inTabOrder: boolean;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onPoint: (pointed: boolean) => void;
  readonly onFocus: () => void;
  readonly onPin: () => void;
}

/** One bit: its number and its value, in the colour and with the sign of its owner. */
export function BitButton({
  cell,
  first,
  lit,
  pinned,
  inTabOrder,
  onKeyDown,
  onPoint,
  onFocus,
  onPin,
}: BitButtonProps) {
  const { bit, set, field, owner, wrong, differs } = cell;
  const classes = [
    'bit',
    `owner-${owner}`,
    set && 'is-set',
    first && 'is-first',
    bit % 4 === 3 && 'starts-nibble',
    field.name === 'reserved' && 'must-be-zero',
    lit && 'is-lit',
    wrong && 'is-wrong',
    differs && 'is-different',
  ].filter((name) => name !== false);
  const value = set ? 1 : 0;
  const remarks = [wrong && ', wrong', differs && ', differs'].filter((remark) => remark !== false);
  return (
    <button
      type="button"
      class={classes.join(' ')}
      data-bit={bit}
      tabIndex={inTabOrder ? 0 : -1}
      aria-label={`${bit} ${value} ${shortName(field.name)}, ${fieldWords(field.name)}${remarks.join('')}`}
      aria-pressed={pinned}
      onKeyDown={onKeyDown}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onFocus={() => {
        onFocus();
        onPoint(true);
      }}
      onBlur={() => onPoint(false)}
      onClick={({ currentTarget }) => {
        onPin();
        // On a phone the inspector takes the lower half of the screen.
        currentTarget.scrollIntoView({ block: 'nearest' });
      }}
    >
      <span class="bit-number">{bit}</span> <span class="bit-value">{value}</span>
    </button>
  );
}
