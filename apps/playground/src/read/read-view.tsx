// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { EntryBits } from '../bits/entry-bits.tsx';
import { errorsIn } from '../fields/attempt.ts';
import { ChoiceField } from '../fields/choice-field.tsx';
import { TextField } from '../fields/text-field.tsx';
import { Caveats } from '../machine/caveats.tsx';
import { erasOf, onceAsked } from '../machine/eras.ts';
import { NoMachine } from '../machine/no-machine.tsx';
import { hashOf } from '../state/hash.ts';
import { type ReadForm, untold } from '../state/read-form.ts';
import type { State } from '../state/state.ts';
import type { ViewProps } from '../state/view-props.ts';
import { detailsOf } from './bit-details.ts';
import { changeOf } from './change.ts';
import { ChangeResult } from './change-result.tsx';
import { EditFields } from './edit-fields.tsx';
import { EvidenceList } from './evidence-list.tsx';
import { Facts } from './facts-list.tsx';
import { Findings } from './findings-list.tsx';
import { type ReadEntry, readEntry } from './read.ts';
import { realEntryOf } from './real-entries.ts';
import { RealEntries, RealEntryNote } from './real-entries-list.tsx';

const levels: readonly (readonly [ReadForm['level'], string])[] = [
  ['?', 'unknown'],
  ['1', '1 (4K)'],
  ['2', '2 (2M)'],
  ['3', '3 (1G)'],
  ['4', '4'],
  ['5', '5'],
];

/** An entry from a trace, a log or a dump, taken apart. */
export function ReadView({ computed, state, change }: ViewProps) {
  const form = state.read;
  const result = useMemo(() => (computed.ok ? readEntry(computed.value, form) : null), [computed, form]);
  const changed = useMemo(() => (computed.ok ? changeOf(computed.value, form) : null), [computed, form]);
  const errors = { ...errorsIn(changed), ...errorsIn(result) };
  const set = (fields: Partial<ReadForm>): void =>
    change((state) => ({ ...state, read: { ...state.read, ...fields } }));

  // What is typed over an example need not be at its level.
  const typeSpte = (spte: string): void =>
    set({ ...(realEntryOf(form) === undefined ? form : untold(form)), spte });

  return (
    <section class="view" aria-labelledby="read-title">
      <h2 id="read-title" class="visually-hidden">
        Read an entry
      </h2>
      <div class="read-form">
        <TextField label="SPTE (hex)" value={form.spte} error={errors.spte} onChange={typeSpte} />
        <ChoiceField
          label="Level"
          value={form.level}
          options={levels}
          error={errors.level}
          onChange={(level) => set({ level })}
        />
        <TextField
          label="Becomes (hex, optional)"
          value={form.becomes}
          error={errors.becomes}
          onChange={(becomes) => set({ becomes })}
        />
      </div>
      <RealEntries state={state} />
      {errors.form !== undefined && <p class="field-error">{errors.form}</p>}
      {!computed.ok && <NoMachine errors={computed.errors} />}
      {changed?.ok === true && changed.value !== null && (
        <ChangeResult change={changed.value} state={state} />
      )}
      {computed.ok && result?.ok === true && (
        <ReadResult mmu={computed.value} state={state} entry={result.value} />
      )}
    </section>
  );
}

interface ReadResultProps {
  readonly mmu: Mmu;
  readonly state: State;
  readonly entry: ReadEntry;
}

function ReadResult({ mmu, state, entry }: ReadResultProps) {
  const { machine, read } = state;
  const real = realEntryOf(read);
  const eras = useMemo(() => onceAsked(() => erasOf(machine)), [machine]);
  const details = useMemo(() => detailsOf(mmu, entry.explained, eras), [mmu, entry, eras]);
  // A link: each change is a step of the history.
  const become = (value: bigint): void => {
    location.hash = hashOf({ ...state, read: { ...read, spte: hex(value) } });
  };
  return (
    <>
      <h3 class="headline">{entry.headline}</h3>
      {real !== undefined && <RealEntryNote entry={real} />}
      <Caveats mmu={mmu} />
      <Findings findings={entry.explained.findings} guesses={entry.explained.guesses} />
      <EvidenceList title={`Why this kind: ${entry.explained.kind}`} proofs={entry.proofs} />
      <EntryBits
        value={entry.explained.value}
        cells={entry.cells}
        items={entry.items}
        tableTitle="Fields of the entry"
        details={details}
        onFlip={become}
      >
        <EditFields mmu={mmu} value={entry.explained.value} fields={entry.explained.fields} onEdit={become} />
        <Facts groups={entry.facts} />
      </EntryBits>
    </>
  );
}
