// SPDX-License-Identifier: GPL-2.0-only

import { EntryPair } from '../bits/entry-pair.tsx';
import { Warnings } from '../machine/warnings.tsx';
import { hashOf } from '../state/hash.ts';
import { readEntryOf, type State } from '../state/state.ts';
import type { EntryChange } from './change.ts';
import { Facts } from './facts-list.tsx';

/** A change of the entry: what happened, whether KVM does that, and which bits it took. */
export function ChangeResult({ change, state }: { readonly change: EntryChange; readonly state: State }) {
  const { facts, from, to, items, warnings } = change;
  const after = { spte: to.value, level: to.level };
  return (
    <>
      <div class="change-outcome">
        <Facts groups={facts} />
        <a href={hashOf(readEntryOf(state, after))}>Read the new value</a>
      </div>
      {warnings.length > 0 && <Warnings warnings={warnings} none="" />}
      <EntryPair
        key={`${from.value}/${to.value}`}
        first={{ name: 'old', title: 'before', ...from }}
        second={{ name: 'new', title: 'after', ...to }}
        items={items}
        tableTitle="Fields that changed"
        valueTitle="Change"
        none="No difference: the new value is the old one."
      />
    </>
  );
}
