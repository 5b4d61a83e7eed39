// SPDX-License-Identifier: GPL-2.0-only
import type { BitItem } from './bit-item.ts';
import type { Highlight, Spot } from './use-highlight.ts';

interface BitTableProps {
  readonly title: string;
  /** Head of the column with the values. */
  readonly valueTitle?: string;
  readonly items: readonly BitItem[];
  /** Whether the rows are steps, which have numbers. */
  readonly numbered?: boolean;
  readonly highlight: Highlight;
}

const spotOf = ({ id, mask }: BitItem): Spot => ({ bit: null, mask, id });

/** What the bits of an entry say, or why they are set; a row lights up its bits in the register. */
export function BitTable({ title, valueTitle = 'Value', items, numbered = false, highlight }: BitTableProps) {
  const { spot, pinned, point, pin } = highlight;
  const hasRules = items.some(({ rule }) => rule !== null);
  return (
    <div class="table-scroll">
      <table class={numbered ? 'bit-table has-steps' : 'bit-table'}>
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {numbered && <th scope="col">Step</th>}
            <th scope="col">Bits</th>
            <th scope="col">Field</th>
            <th scope="col">{valueTitle}</th>
            <th scope="col" class="meaning-cell">
              {hasRules ? 'Why' : 'Meaning'}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => {
            const { id, mask, bits, name, short, owner, value, meaning, why, rule } = item;
            const lit = spot !== null && (spot.mask & mask) !== 0n;
            return (
              <tr
                key={id}
                class={lit ? 'is-lit' : undefined}
                onMouseEnter={() => point(spotOf(item))}
                onMouseLeave={() => point(null)}
              >
                {numbered && <td class="mono step">{index + 1}</td>}
                <td class="mono bits">{bits}</td>
                <th scope="row">
                  <button
                    type="button"
                    class={`field-name owner-${owner}`}
                    aria-pressed={pinned?.id === id}
                    onFocus={() => point(spotOf(item))}
                    onBlur={() => point(null)}
                    onClick={() => pin(spotOf(item))}
                  >
                    <span class="owner-key" /> {name}
                    {short !== null && <span class="short"> {short}</span>}
                  </button>
                </th>
                <td class="mono value">{value}</td>
                <td class="meaning-cell">
                  {meaning}
                  {why !== null && <span class="because">; {why}</span>}
                  {rule !== null && <code class="rule"> {rule}()</code>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
