// SPDX-License-Identifier: GPL-2.0-only
import { hashOf } from '../state/hash.ts';
import type { State, View } from '../state/state.ts';

const views: readonly { readonly view: View; readonly name: string; readonly rest?: string }[] = [
  { view: 'read', name: 'Read', rest: 'an entry' },
  { view: 'build', name: 'Build', rest: 'an entry' },
  { view: 'masks', name: 'Masks' },
  { view: 'compare', name: 'Compare' },
  { view: 'learn', name: 'Learn' },
];

/** Links to the views, each with all that was entered so far. */
export function Navigation({ state }: { readonly state: State }) {
  return (
    <nav aria-label="Views" class="views">
      <ul>
        {views.map(({ view, name, rest }) => (
          <li key={view}>
            <a href={hashOf({ ...state, view })} aria-current={state.view === view ? 'page' : undefined}>
              {name}
              {rest !== undefined && <span class="only-roomy"> {rest}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
