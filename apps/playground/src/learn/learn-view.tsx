// SPDX-License-Identifier: GPL-2.0-only
import { useMemo } from 'preact/hooks';
import { EntryBits } from '../bits/entry-bits.tsx';
import { buildEntry } from '../build/build.ts';
import { erasOf, onceAsked } from '../machine/eras.ts';
import { NoMachine } from '../machine/no-machine.tsx';
import { detailsOf } from '../read/bit-details.ts';
import { firstBuild } from '../state/build-form.ts';
import { hashOf } from '../state/hash.ts';
import { readEntryOf } from '../state/state.ts';
import type { ViewProps } from '../state/view-props.ts';
import { GLOSSARY } from './glossary.ts';
import { TourList } from './tour-list.tsx';

type LearnViewProps = Pick<ViewProps, 'computed' | 'state'>;

/** What an entry is, on one screen; tours; the words. */
export function LearnView({ computed, state }: LearnViewProps) {
  return (
    <section class="view learn" aria-labelledby="learn-title">
      <h2 id="learn-title">What is an SPTE?</h2>
      <p class="lead">
        A shadow page table entry is 64 bits. KVM writes it, the CPU walks it: it says where a page of the
        guest is in the memory of the host, and what the guest may do there. The CPU looks at some of the bits
        only; in the others KVM keeps notes for itself, and they moved from kernel to kernel. This one maps a
        4K page on the machine that is chosen; point at its bits.
      </p>
      {computed.ok ? <Sample computed={computed} state={state} /> : <NoMachine errors={computed.errors} />}
      <h3>Tours</h3>
      <TourList />
      <h3>Words</h3>
      <dl class="glossary">
        {GLOSSARY.map(([term, meaning]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Sample({ computed, state }: LearnViewProps) {
  const { machine } = state;
  const built = useMemo(() => (computed.ok ? buildEntry(computed.value, firstBuild) : null), [computed]);
  const eras = useMemo(() => onceAsked(() => erasOf(machine)), [machine]);
  if (!computed.ok || built?.ok !== true) return null;
  const { spte, level, cells, items, explained } = built.value;
  return (
    <EntryBits
      value={spte}
      cells={cells}
      items={items}
      tableTitle="The steps that set the bits"
      numbered
      details={detailsOf(computed.value, explained, eras)}
    >
      <p>
        <a href={hashOf(readEntryOf(state, { spte, level }))}>Read this entry</a>, and turn its bits over.
      </p>
    </EntryBits>
  );
}
