// SPDX-License-Identifier: GPL-2.0-only
import { EntryPair } from '../components/entry-pair.tsx';
import { Facts } from '../components/facts.tsx';
import { Warnings } from '../components/warnings.tsx';
import type { EntryChange } from '../model/change.ts';
import { hashOf } from '../model/hash.ts';
import { readEntryOf, type State } from '../model/state.ts';

/** A change of the entry: what happened, whether KVM does that, and which bits it took. */
export function ChangeResult({ change, state }: { readonly change: EntryChange; readonly state: State }) {
  const { headline, facts, from, to, items, warnings } = change;
  const after = { spte: to.value, level: to.level };
  return (
    <>
      <h3 class="headline">{headline}</h3>
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
