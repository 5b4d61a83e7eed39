// SPDX-License-Identifier: GPL-2.0-only
import { useCallback, useEffect, useState } from 'preact/hooks';
import { hashOf, stateOfHash } from './hash.ts';
import type { State } from './state.ts';

export type Change = (next: (state: State) => State) => void;

/** Browsers refuse to rewrite the URL at every keystroke; this often they do not mind. */
const WRITE_DELAY_MS = 150;

/** The state of the page, kept in step with the URL: links and the back button change it, and it changes the URL. */
export function useHashState(): readonly [State, Change] {
  const [state, setState] = useState(() => stateOfHash(location.hash));
  const change = useCallback<Change>((next) => setState(next), []);

  useEffect(() => {
    const follow = (): void => setState(stateOfHash(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);

  useEffect(() => {
    const before = location.hash;
    const timer = setTimeout(() => {
      const hash = hashOf(state);
      // A link that was followed meanwhile wins: its state is on the way.
      if (location.hash === before && hash !== before) history.replaceState(null, '', hash);
    }, WRITE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [state]);

  return [state, change];
}
