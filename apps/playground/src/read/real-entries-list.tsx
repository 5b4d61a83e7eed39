// SPDX-License-Identifier: GPL-2.0-only

import { hashOf } from '../state/hash.ts';
import type { State } from '../state/state.ts';
import { loadEntry, type RealEntry, realEntries, realEntryOf } from './real-entries.ts';

/** Links that show the real entries which come with the page, each on its machine. */
export function RealEntries({ state }: { readonly state: State }) {
  const shown = realEntryOf(state.read);
  return (
    <nav aria-label="Real entries" class="real-entries">
      <span class="real-entries-title" aria-hidden="true">
        Real entries
      </span>
      <ul>
        {realEntries.map((entry) => (
          <li key={entry.title}>
            <a href={hashOf(loadEntry(state, entry))} aria-current={entry === shown ? 'true' : undefined}>
              {entry.title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Where the shown entry comes from. */
export function RealEntryNote({ entry: { source, note } }: { readonly entry: RealEntry }) {
  return (
    <p class="provenance">
      {note} Source:{' '}
      {source.url === undefined ? (
        source.name
      ) : (
        <a href={source.url} rel="noreferrer">
          {source.name}
        </a>
      )}
      ; {source.host}.
    </p>
  );
}
