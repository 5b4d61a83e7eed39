// SPDX-License-Identifier: GPL-2.0-only
import type { Diagnostic, Mmu } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { EntryPair } from '../bits/entry-pair.tsx';
import type { BuiltEntry } from '../build/build.ts';
import { BuildFields } from '../build/build-fields.tsx';
import { RULES } from '../build/request.ts';
import { requestText } from '../build/request-text.ts';
import { errorsIn } from '../fields/attempt.ts';
import { titleBeside } from '../machine/machine-words.ts';
import { Warnings } from '../machine/warnings.tsx';
import type { BuildForm } from '../state/build-form.ts';
import { otherMachineOf } from '../state/other-machine.ts';
import type { State } from '../state/state.ts';
import type { Change } from '../state/use-hash-state.ts';
import { type ComparedEntries, compareEntries } from './compared-entries.ts';

interface ComparedBuildsProps {
  readonly a: Mmu;
  readonly b: Mmu;
  readonly state: State;
  readonly change: Change;
}

/** The request of the build view, made on both machines. */
export function ComparedBuilds({ a, b, state, change }: ComparedBuildsProps) {
  const form = state.build;
  const result = useMemo(() => compareEntries(a, b, form), [a, b, form]);
  const errors = errorsIn(result);
  const set = (fields: Partial<BuildForm>): void =>
    change((state) => ({ ...state, build: { ...state.build, ...fields } }));
  return (
    <>
      <h3 class="headline">
        <code>{RULES[form.make]}</code> on both
      </h3>
      <details class="request" open={!result.ok}>
        <summary>Request: {requestText(form)}</summary>
        <BuildFields form={form} errors={errors} set={set} />
      </details>
      {errors.form !== undefined && <p class="field-error">{errors.form}</p>}
      {result.ok && <Pair state={state} entries={result.value} />}
    </>
  );
}

function Pair({ state, entries }: { readonly state: State; readonly entries: ComparedEntries }) {
  const { machine } = state;
  const other = otherMachineOf(machine, state.other);
  const side = (name: string, title: string, { spte, cells, items }: BuiltEntry) => ({
    name,
    title,
    value: spte,
    cells,
    items,
  });
  return (
    <>
      <EntryPair
        key={`${entries.a.spte}/${entries.b.spte}`}
        first={side('A', titleBeside(machine, other), entries.a)}
        second={side('B', titleBeside(other, machine), entries.b)}
        items={entries.items}
        tableTitle="Bits that differ, and why"
        valueTitle="Set in"
        none="No difference: both machines make the same SPTE."
      />
      <SideWarnings name="A" warnings={entries.a.warnings} />
      <SideWarnings name="B" warnings={entries.b.warnings} />
    </>
  );
}

/** What one of the kernels would complain about; nothing when it would not. */
function SideWarnings({
  name,
  warnings,
}: {
  readonly name: string;
  readonly warnings: readonly Diagnostic[];
}) {
  if (warnings.length === 0) return null;
  return (
    <>
      <h3>Warnings on {name}</h3>
      <Warnings warnings={warnings} none="None." />
    </>
  );
}
