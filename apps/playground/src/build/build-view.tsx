// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { EntryBits } from '../bits/entry-bits.tsx';
import { errorsIn } from '../fields/attempt.ts';
import { Caveats } from '../machine/caveats.tsx';
import { NoMachine } from '../machine/no-machine.tsx';
import { Warnings } from '../machine/warnings.tsx';
import type { BuildForm } from '../state/build-form.ts';
import { hashOf } from '../state/hash.ts';
import { readEntryOf } from '../state/state.ts';
import type { ViewProps } from '../state/view-props.ts';
import { type BuiltEntry, buildEntry } from './build.ts';
import { BuildFields } from './build-fields.tsx';
import { RULES } from './request.ts';

/** An SPTE made by KVM's rules from what is asked for, with the reason of each bit. */
export function BuildView({ computed, state, change }: ViewProps) {
  const form = state.build;
  const result = useMemo(() => (computed.ok ? buildEntry(computed.value, form) : null), [computed, form]);
  const errors = errorsIn(result);
  const set = (fields: Partial<BuildForm>): void =>
    change((state) => ({ ...state, build: { ...state.build, ...fields } }));

  return (
    <section class="view" aria-labelledby="build-title">
      <h2 id="build-title" class="visually-hidden">
        Build an entry
      </h2>
      {computed.ok && <Caveats mmu={computed.value} />}
      <BuildFields form={form} errors={errors} set={set} />
      {errors.form !== undefined && <p class="field-error">{errors.form}</p>}
      {!computed.ok && <NoMachine errors={computed.errors} />}
      {result?.ok === true && (
        <>
          <h3 class="headline">
            <code>{RULES[form.make]}</code> makes
          </h3>
          <EntryBits
            key={hex(result.value.spte)}
            value={result.value.spte}
            cells={result.value.cells}
            items={result.value.items}
            tableTitle="Why each bit is set"
          >
            <Outcome built={result.value} readHref={hashOf(readEntryOf(state, result.value))} />
          </EntryBits>
        </>
      )}
    </section>
  );
}

/** What building it did besides. */
function Outcome({ built, readHref }: { readonly built: BuiltEntry; readonly readHref: string }) {
  return (
    <div class="outcome">
      <section>
        <h3>Warnings</h3>
        <Warnings warnings={built.warnings} none="None." />
      </section>
      <section>
        <h3>Besides</h3>
        {built.effects.length === 0 ? (
          <p class="quiet">Nothing: no write protection, no page marked dirty.</p>
        ) : (
          <ul class="effects">
            {built.effects.map((effect) => (
              <li key={effect}>{effect}</li>
            ))}
          </ul>
        )}
      </section>
      <p>
        <a href={readHref}>Read this entry</a>
      </p>
    </div>
  );
}
