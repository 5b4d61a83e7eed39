// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { type Attempt, errorsIn } from '../fields/attempt.ts';
import { ChoiceField } from '../fields/choice-field.tsx';
import type { Machine } from '../machine/machine.ts';
import { MachineFields } from '../machine/machine-fields.tsx';
import { MachineNameFields } from '../machine/machine-name-fields.tsx';
import { presetOf, presets } from '../machine/presets.ts';
import { summaryOf } from '../machine/registry.ts';
import { choosePreset, type State } from '../state/state.ts';
import type { Change } from '../state/use-hash-state.ts';
import { useWide } from './use-wide.ts';

interface MachinePanelProps {
  readonly computed: Attempt<Mmu, keyof Machine>;
  readonly state: State;
  readonly change: Change;
}

/** The machine: a preset, and every input of it; where there is little room, out of the way until asked for. */
export function MachinePanel({ computed, state, change }: MachinePanelProps) {
  const wide = useWide();
  const title = state.view === 'compare' ? 'Machine A' : 'Machine';
  const inputs = <MachineInputs computed={computed} state={state} change={change} />;
  return (
    <aside class="machine" aria-labelledby="machine-title">
      {wide ? (
        <>
          <h2 id="machine-title">{title}</h2>
          {inputs}
        </>
      ) : (
        <details>
          <summary>
            <h2 id="machine-title">{title}</h2>{' '}
            <span class="machine-name">
              {presetOf(state.preset).name}, Linux {state.machine.kernel}
            </span>
          </summary>
          {inputs}
        </details>
      )}
    </aside>
  );
}

function MachineInputs({ computed, state, change }: MachinePanelProps) {
  const { machine, preset } = state;
  const changed = machine !== presetOf(preset).machine && !isSame(machine, presetOf(preset).machine);
  const fields = {
    machine,
    errors: errorsIn(computed),
    set: (fields: Partial<Machine>): void =>
      change((state) => ({ ...state, machine: { ...state.machine, ...fields } })),
  };
  return (
    <div class="machine-inputs">
      <ChoiceField
        label="Preset"
        value={preset}
        options={presets.map(({ id, name }) => [id, name] as const)}
        hint={changed ? 'Some inputs are not those of the preset.' : undefined}
        onChange={(id) => change((state) => choosePreset(state, id))}
      />
      {changed && (
        <button
          type="button"
          class="plain-button"
          onClick={() => change((state) => choosePreset(state, preset))}
        >
          Back to the preset
        </button>
      )}
      <p class="machine-summary">{computed.ok ? summaryOf(computed.value) : 'Some inputs cannot be used.'}</p>
      <MachineNameFields {...fields} />
      <details open>
        <summary>All inputs</summary>
        <MachineFields {...fields} />
      </details>
    </div>
  );
}

function isSame(a: Machine, b: Machine): boolean {
  return (Object.keys(a) as (keyof Machine)[]).every((name) => a[name] === b[name]);
}
