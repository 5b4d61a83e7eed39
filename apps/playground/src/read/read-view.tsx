// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
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
import { ContextChips } from './context-chips.tsx';
import { EditFields } from './edit-fields.tsx';
import { EntryList } from './entry-list.tsx';
import { EvidenceList } from './evidence-list.tsx';
import { Facts } from './facts-list.tsx';
import { Findings } from './findings-list.tsx';
import { knownBug } from './known-bug.ts';
import { listedEntries } from './listed-entries.ts';
import { PasteBox } from './paste-box.tsx';
import { type Chip, chipsOf, formOfEntry, foundContext, pasteInto } from './pasted.ts';
import { type ReadEntry, readEntry } from './read.ts';
import { realEntryOf } from './real-entries.ts';
import { RealEntries, RealEntryNote } from './real-entries-list.tsx';
import { recognise } from './recognise.ts';
import { Verdict } from './verdict-line.tsx';

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

  const { paste } = state;
  const found = useMemo(() => (paste === '' ? null : recognise(paste)), [paste]);
  const context = useMemo(() => (found === null ? null : foundContext(found)), [found]);
  const chips = chipsOf(state, found, context);
  const entries = found?.entries;
  const listed = useMemo(
    () =>
      computed.ok && entries !== undefined && entries.length > 1
        ? listedEntries(computed.value, entries)
        : [],
    [computed, entries],
  );
  const shown = listed.findIndex(({ entry }) => isSame(formOfEntry(entry), form));
  const choose = useCallback(
    (place: number) => {
      const chosen = listed[place];
      if (chosen !== undefined) change((state) => ({ ...state, read: formOfEntry(chosen.entry) }));
    },
    [listed, change],
  );
  const takeText = (text: string, isWhole: boolean): void => {
    // A link: what was pasted as a whole is a step of the history.
    if (isWhole) location.hash = hashOf(pasteInto(state, text));
    else change((state) => pasteInto(state, text));
  };

  // The last answer stays while something is typed that has none.
  const last = useRef<LastAnswer | null>(null);
  if (computed.ok && result?.ok === true) last.current = { mmu: computed.value, entry: result.value };
  const isStale = !(computed.ok && result?.ok === true);
  const answer = last.current;
  const title =
    changed?.ok === true && changed.value !== null ? changed.value.headline : answer?.entry.headline;
  useEffect(() => {
    if (title !== undefined) document.title = `${form.spte}: ${title} - spte`;
  }, [title, form.spte]);

  // What is typed over an example need not be at its level.
  const typeSpte = (spte: string): void =>
    set({ ...(realEntryOf(form) === undefined ? form : untold(form)), spte });

  return (
    <section class="view" aria-labelledby="read-title">
      <h2 id="read-title" class="visually-hidden">
        Read an entry
      </h2>
      <PasteBox text={paste} found={found} onText={takeText} />
      <ContextChips
        chips={chips}
        possible={context?.possible.map(({ name }) => name) ?? []}
        contradictions={context?.contradictions ?? []}
      />
      <Verdict
        answer={answer}
        change={changed?.ok === true ? (changed.value?.headline ?? null) : null}
        isStale={isStale}
        bug={answer === null ? null : knownBug(answer.mmu, answer.entry.explained, originsOf(chips))}
      />
      {listed.length > 0 && <EntryList entries={listed} shown={shown} onChoose={choose} />}
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
      {answer !== null && (
        <div class={isStale ? 'answer is-stale' : 'answer'}>
          <ReadResult mmu={answer.mmu} state={state} entry={answer.entry} />
        </div>
      )}
    </section>
  );
}

/** What was last said of an entry. */
interface LastAnswer {
  readonly mmu: Mmu;
  readonly entry: ReadEntry;
}

/** How the kernel and the vendor are known. */
function originsOf(chips: readonly Chip[]): Record<'kernel' | 'vendor', Chip['origin']> {
  const originOf = (name: string): Chip['origin'] =>
    chips.find((chip) => chip.name === name)?.origin ?? 'assumed';
  return { kernel: originOf('kernel'), vendor: originOf('vendor') };
}

const isSame = (a: ReadForm, b: ReadForm): boolean =>
  a.spte === b.spte && a.level === b.level && a.becomes === b.becomes;

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
