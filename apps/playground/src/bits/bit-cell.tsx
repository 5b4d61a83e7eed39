// SPDX-License-Identifier: GPL-2.0-only
import type { Cell } from './cells.ts';

interface BitCellProps {
  readonly cell: Cell;
  readonly lit: boolean;
  readonly chosen: boolean;
  readonly inTabOrder: boolean;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onPoint: (pointed: boolean) => void;
  readonly onFocus: () => void;
  readonly onChoose: () => void;
}

/** One bit: its number, its value, and the name of the field that starts here. */
export function BitCell({
  cell,
  lit,
  chosen,
  inTabOrder,
  onKeyDown,
  onPoint,
  onFocus,
  onChoose,
}: BitCellProps) {
  const { bit, set, field, family, label, wrong, differs } = cell;
  const classes = [
    'cell',
    `family-${family}`,
    set && 'is-set',
    lit && 'is-lit',
    wrong && 'is-wrong',
    differs && 'is-different',
  ].filter((name) => name !== false);
  const remarks = [wrong && ', wrong', differs && ', differs'].filter((remark) => remark !== false);
  return (
    <button
      type="button"
      class={classes.join(' ')}
      data-bit={bit}
      tabIndex={inTabOrder ? 0 : -1}
      aria-label={`bit ${bit}: ${set ? 1 : 0}, ${field.name}${remarks.join('')}`}
      aria-pressed={chosen}
      onKeyDown={onKeyDown}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onFocus={() => {
        onFocus();
        onPoint(true);
      }}
      onBlur={() => onPoint(false)}
      onClick={onChoose}
    >
      <span class="cell-number">{bit}</span>
      <span class="cell-value">{set ? 1 : 0}</span>
      <span class={label?.upTo == null ? 'cell-label' : `cell-label up-to-${label.upTo}`}>{label?.text}</span>
    </button>
  );
}
