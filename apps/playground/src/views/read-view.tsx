// SPDX-License-Identifier: GPL-2.0-only
import { useMemo } from 'preact/hooks';
import { ChoiceField } from '../components/choice-field.tsx';
import { EntryBits } from '../components/entry-bits.tsx';
import { Facts } from '../components/facts.tsx';
import { TextField } from '../components/text-field.tsx';
import { realEntryOf } from '../data/real-entries.ts';
import { readEntry } from '../model/read.ts';
import type { ReadForm } from '../model/state.ts';
import { RealEntries, RealEntryNote } from './real-entries.tsx';
import type { ViewProps } from './view-props.ts';

const levels: readonly (readonly [ReadForm['level'], string])[] = [
  ['?', 'unknown'],
  ['1', '1 (4K)'],
  ['2', '2 (2M)'],
  ['3', '3 (1G)'],
  ['4', '4'],
  ['5', '5'],
];

/** An entry from a trace, a log or a dump, taken apart. */
export function ReadView({ mmu, state, change }: ViewProps) {
  const form = state.read;
  const result = useMemo(() => readEntry(mmu, form), [mmu, form]);
  const errors = result.ok ? {} : result.errors;
  const real = realEntryOf(form);
  const set = (fields: Partial<ReadForm>): void =>
    change((state) => ({ ...state, read: { ...state.read, ...fields } }));

  return (
    <section class="view" aria-labelledby="read-title">
      <h2 id="read-title" class="visually-hidden">
        Read an entry
      </h2>
      <div class="read-form">
        <TextField
          label="SPTE (hex)"
          value={form.spte}
          error={errors.spte}
          onChange={(spte) => set({ spte })}
        />
        <ChoiceField
          label="Level"
          value={form.level}
          options={levels}
          error={errors.level}
          onChange={(level) => set({ level })}
        />
      </div>
      <RealEntries state={state} />
      {errors.form !== undefined && <p class="field-error">{errors.form}</p>}
      {result.ok && (
        <>
          <h3 class="headline">{result.value.headline}</h3>
          {result.value.complaint !== null && <p class="complaint">{result.value.complaint}</p>}
          {real !== undefined && <RealEntryNote entry={real} />}
          <EntryBits
            key={`${form.spte}/${form.level}`}
            value={result.value.decoded.value}
            cells={result.value.cells}
            items={result.value.items}
            tableTitle="Fields of the entry"
          >
            <Facts groups={result.value.facts} />
          </EntryBits>
        </>
      )}
    </section>
  );
}
