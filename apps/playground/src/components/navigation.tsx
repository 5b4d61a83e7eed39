// SPDX-License-Identifier: GPL-2.0-only
import { hashOf } from '../model/hash.ts';
import type { State, View } from '../model/state.ts';

const views: readonly { readonly view: View; readonly name: string }[] = [
  { view: 'read', name: 'Read an entry' },
  { view: 'build', name: 'Build an entry' },
  { view: 'masks', name: 'Masks' },
];

/** Links to the views, each with all that was entered so far. */
export function Navigation({ state }: { readonly state: State }) {
  return (
    <nav aria-label="Views" class="views">
      <ul>
        {views.map(({ view, name }) => (
          <li key={view}>
            <a href={hashOf({ ...state, view })} aria-current={state.view === view ? 'page' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
