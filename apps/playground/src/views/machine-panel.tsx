// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { ChoiceField } from '../components/choice-field.tsx';
import { presetOf, presets } from '../data/presets.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Machine } from '../model/machine.ts';
import { kernelNote, summaryOf } from '../model/registry.ts';
import { choosePreset, type State } from '../model/state.ts';
import type { Change } from '../use-hash-state.ts';
import { MachineFields } from './machine-fields.tsx';

interface MachinePanelProps {
  readonly computed: Attempt<Mmu, keyof Machine>;
  readonly state: State;
  readonly change: Change;
}

/** From here on there is room for the inputs beside the result. */
const WIDE = '(min-width: 64rem)';

/** The machine: a preset, and every input of it. */
export function MachinePanel({ computed, state, change }: MachinePanelProps) {
  const { machine, preset } = state;
  const note = computed.ok ? kernelNote(computed.value) : null;
  const changed = machine !== presetOf(preset).machine && !isSame(machine, presetOf(preset).machine);
  return (
    <aside class="machine" aria-labelledby="machine-title">
      <h2 id="machine-title">Machine</h2>
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
      {note !== null && <p class="field-error">{note}</p>}
      <details open={matchMedia(WIDE).matches}>
        <summary>All inputs</summary>
        <MachineFields
          machine={machine}
          errors={computed.ok ? {} : computed.errors}
          set={(fields) => change((state) => ({ ...state, machine: { ...state.machine, ...fields } }))}
        />
      </details>
    </aside>
  );
}

function isSame(a: Machine, b: Machine): boolean {
  return (Object.keys(a) as (keyof Machine)[]).every((name) => a[name] === b[name]);
}
