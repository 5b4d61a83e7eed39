// SPDX-License-Identifier: GPL-2.0-only
import type { BitItem } from './bit-item.ts';
import type { Cell } from './cells.ts';
import { type ToldBits, toldBits } from './told-bits.ts';
import type { Highlight } from './use-highlight.ts';

/** Where a field is in the kernels of an era. */
export interface FieldPlace {
  /** First and last release, such as `5.13 to 6.9`. */
  readonly kernels: string;
  /** Its bits, such as `58`; null where the kernels have no such field in an entry like this. */
  readonly bits: string | null;
  /** Whether the entry is of one of these kernels. */
  readonly here: boolean;
}

/** What a view knows of the bits of an entry beside the entry itself. */
export interface BitDetails {
  /** What is wrong with some bits, each in a sentence. */
  readonly wrong?: (mask: bigint) => readonly string[];
  /** Which bits a field is, from the oldest kernels to the newest. */
  readonly history?: (field: string) => readonly FieldPlace[];
  /** The kernel function that sets a bit in entries like this, and why it does. */
  readonly setBy?: (bit: number) => ToldBits['setBy'];
}

interface InspectorProps {
  readonly cells: readonly Cell[];
  readonly items: readonly BitItem[];
  readonly highlight: Highlight;
  readonly details: BitDetails;
  readonly onFlip: ((bit: number) => void) | undefined;
}

/** What the bits say that are pointed at or pinned, why, and where other kernels have them. */
export function Inspector({ cells, items, highlight, details, onFlip }: InspectorProps) {
  const { spot, pinned } = highlight;
  const told = spot === null ? null : toldBits(spot, cells, items);
  const bit = spot?.bit ?? null;
  return (
    <section
      class={`inspector${pinned === null ? '' : ' is-pinned'}`}
      aria-label="Inspector"
      // It may have to scroll, for which it needs the focus.
      // biome-ignore lint/a11y/noNoninteractiveTabindex: WCAG 2.1.1, a region that scrolls
      tabIndex={0}
    >
      <div class="inspector-actions">
        {onFlip !== undefined && (
          <button
            type="button"
            class="plain-button"
            disabled={bit === null}
            onClick={() => bit !== null && onFlip(bit)}
          >
            {bit === null ? 'Flip' : `Flip bit ${bit}`} <kbd>F</kbd>
          </button>
        )}
        <button type="button" class="plain-button" disabled={pinned === null} onClick={highlight.release}>
          Unpin <kbd>Esc</kbd>
        </button>
      </div>
      {spot === null || told === null ? (
        <p class="quiet">
          Point at a bit, or move through the bits with the arrow keys. Enter pins one
          {onFlip === undefined ? '' : ', F turns it over'}.
        </p>
      ) : (
        <Told told={told} bit={bit} mask={spot.mask} details={details} />
      )}
    </section>
  );
}

interface ToldProps {
  readonly told: ToldBits;
  readonly bit: number | null;
  readonly mask: bigint;
  readonly details: BitDetails;
}

function Told({ told, bit, mask, details }: ToldProps) {
  const { title, field, owner, meaning, why } = told;
  const own = bit === null ? mask : 1n << BigInt(bit);
  const history = field === null ? [] : (details.history?.(field) ?? []);
  const setBy = told.setBy.length > 0 || bit === null ? told.setBy : (details.setBy?.(bit) ?? []);
  return (
    <>
      <h3 class={`inspector-title owner-${owner}`}>
        <span class="owner-key" /> {title}
      </h3>
      <p>{meaning}.</p>
      {details.wrong?.(own).map((text) => (
        <p key={text} class="inspector-wrong">
          {text}
        </p>
      ))}
      {why !== null && <p class="quiet">KVM: {why}.</p>}
      {setBy.map(({ rule, why }) => (
        <p key={why} class="quiet">
          Set by <code>{rule}()</code>: {why}.
        </p>
      ))}
      {history.length > 0 && (
        <table class="inspector-history">
          <caption>The same field in other kernels</caption>
          <tbody>
            {history.map(({ kernels, bits, here }) => (
              <tr key={kernels} aria-current={here ? 'true' : undefined}>
                <th scope="row">{kernels}</th>
                <td>{bits ?? 'none'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
