// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { useEffect } from 'preact/hooks';
import { isTyping } from './paste-box.tsx';
import type { PastedEntry } from './recognise.ts';

/** An entry of what was pasted, with what is wrong with it. */
export interface ListedEntry {
  readonly entry: PastedEntry;
  readonly codes: readonly string[];
}

interface EntryListProps {
  readonly entries: readonly ListedEntry[];
  /** Which one is shown; -1 when it is none of them. */
  readonly shown: number;
  readonly onChoose: (place: number) => void;
}

/** Rows that are in the page at once. */
const WINDOW = 12;

/** The entries of what was pasted, some at a time; `n` and `p` go from finding to finding. */
export function EntryList({ entries, shown, onChoose }: EntryListProps) {
  const bad = entries.flatMap(({ codes }, place) => (codes.length > 0 ? [place] : []));
  const next = bad.find((place) => place > shown);
  const previous = bad.findLast((place) => place < shown);
  useEffect(() => {
    const step = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const to = { n: next, p: previous }[event.key];
      if (to !== undefined) onChoose(to);
    };
    addEventListener('keydown', step);
    return () => removeEventListener('keydown', step);
  }, [next, previous, onChoose]);
  const begin = Math.max(0, Math.min(shown - WINDOW / 2, entries.length - WINDOW));
  return (
    <section class="entries" aria-label="Entries">
      <p class="entries-moves">
        <Move text="Previous" to={shown > 0 ? shown - 1 : undefined} onChoose={onChoose} />
        <Move text="Next" to={shown + 1 < entries.length ? shown + 1 : undefined} onChoose={onChoose} />
        <Move text="Previous finding (p)" to={previous} onChoose={onChoose} />
        <Move text="Next finding (n)" to={next} onChoose={onChoose} />
        <span>
          {shown + 1} of {entries.length}, {bad.length} with findings
        </span>
      </p>
      <ol start={begin + 1}>
        {entries.slice(begin, begin + WINDOW).map(({ entry, codes }, i) => (
          <li key={begin + i} value={begin + i + 1}>
            <button
              type="button"
              class="entry-row mono"
              aria-current={begin + i === shown ? 'true' : undefined}
              onClick={() => onChoose(begin + i)}
            >
              {hex(entry.value)}
              {entry.level !== null && `@${entry.level}`}
              {entry.becomes !== null && ` -> ${hex(entry.becomes)}`}
            </button>{' '}
            <span class="quiet">line {entry.line}</span>{' '}
            {codes.map((code) => (
              <code key={code} data-code={code} class="entry-code">
                {code}
              </code>
            ))}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface MoveProps {
  readonly text: string;
  readonly to: number | undefined;
  readonly onChoose: (place: number) => void;
}

function Move({ text, to, onChoose }: MoveProps) {
  return (
    <button
      type="button"
      class="plain-button"
      disabled={to === undefined}
      onClick={() => to !== undefined && onChoose(to)}
    >
      {text}
    </button>
  );
}
