// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { EntryBits } from '../bits/entry-bits.tsx';
import { errorsIn } from '../fields/attempt.ts';
import { Caveats } from '../machine/caveats.tsx';
import { erasOf, onceAsked } from '../machine/eras.ts';
import type { Machine } from '../machine/machine.ts';
import { NoMachine } from '../machine/no-machine.tsx';
import { Warnings } from '../machine/warnings.tsx';
import { detailsOf } from '../read/bit-details.ts';
import type { BuildForm } from '../state/build-form.ts';
import { hashOf } from '../state/hash.ts';
import { readEntryOf } from '../state/state.ts';
import type { ViewProps } from '../state/view-props.ts';
import { type BuiltEntry, buildEntry } from './build.ts';
import { BuildFields } from './build-fields.tsx';
import type { Refused } from './refused.ts';
import { RULES } from './request.ts';

/** An SPTE made by KVM's rules from what is asked for, step by step. */
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
      {computed.ok && result?.ok === true && (
        <Built
          mmu={computed.value}
          machine={state.machine}
          built={result.value}
          rule={RULES[form.make]}
          readHref={hashOf(readEntryOf(state, result.value))}
        />
      )}
    </section>
  );
}

interface BuiltProps {
  readonly mmu: Mmu;
  readonly machine: Machine;
  readonly built: BuiltEntry;
  readonly rule: string;
  readonly readHref: string;
}

function Built({ mmu, machine, built, rule, readHref }: BuiltProps) {
  const eras = useMemo(() => onceAsked(() => erasOf(machine)), [machine]);
  const details = useMemo(() => detailsOf(mmu, built.explained, eras), [mmu, built, eras]);
  return (
    <>
      <h3 class="headline">
        <code>{rule}</code> makes
      </h3>
      <EntryBits
        value={built.spte}
        cells={built.cells}
        items={built.items}
        tableTitle="The steps that set the bits"
        numbered
        details={details}
      >
        <Outcome built={built} readHref={readHref} />
      </EntryBits>
    </>
  );
}

/** What was refused, what the kernel would complain of, and what else happened. */
function Outcome({ built, readHref }: { readonly built: BuiltEntry; readonly readHref: string }) {
  const { refused, warnings, effects } = built;
  return (
    <div class="outcome">
      {refused.length > 0 && <RefusedList refused={refused} />}
      <section>
        <h3>Warnings</h3>
        <Warnings warnings={warnings} none="None: the kernel would not complain." />
      </section>
      {effects.length > 0 && (
        <section>
          <h3>What else it does</h3>
          <ul class="effects">
            {effects.map((effect) => (
              <li key={effect}>{effect}</li>
            ))}
          </ul>
        </section>
      )}
      <p>
        <a href={readHref}>Read this entry</a>
      </p>
    </div>
  );
}

function RefusedList({ refused }: { readonly refused: readonly Refused[] }) {
  return (
    <section>
      <h3>Asked for and refused</h3>
      <ul class="warnings refused">
        {refused.map(({ permission, reasons }) => (
          <li key={permission} data-refused={permission}>
            <strong>{permission}</strong>
            {reasons.map((reason) => (
              <p key={reason}>{reason}.</p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
