// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { type Attempt, errorsIn } from '../fields/attempt.ts';
import { ChoiceField } from '../fields/choice-field.tsx';
import { Caveats } from '../machine/caveats.tsx';
import type { Machine } from '../machine/machine.ts';
import { MachineFields } from '../machine/machine-fields.tsx';
import { MachineNameFields } from '../machine/machine-name-fields.tsx';
import { presets } from '../machine/presets.ts';
import { summaryOf } from '../machine/registry.ts';
import { otherMachineOf } from '../state/other-machine.ts';
import { changeOther, chooseOther, type State } from '../state/state.ts';
import type { Change } from '../state/use-hash-state.ts';

interface OtherMachinePanelProps {
  readonly computed: Attempt<Mmu, keyof Machine>;
  readonly state: State;
  readonly change: Change;
}

/** Value of the choice that is not a preset. */
const SAME = '';

const options: readonly (readonly [string, string])[] = [
  [SAME, 'As machine A, another kernel'],
  ...presets.map(({ id, name }) => [id, name] as const),
];

/** The second machine: another preset, or the first machine with something changed. */
export function OtherMachinePanel({ computed, state, change }: OtherMachinePanelProps) {
  const { preset, changes } = state.other;
  const choose = (id: string): void => change((state) => chooseOther(state, id === SAME ? null : id));
  const fields = {
    machine: otherMachineOf(state.machine, state.other),
    errors: errorsIn(computed),
    set: (fields: Partial<Machine>): void => change((state) => changeOther(state, fields)),
  };
  return (
    <section class="other-machine" aria-labelledby="other-machine-title">
      <h3 id="other-machine-title">Machine B</h3>
      <div class="other-machine-choice">
        <ChoiceField label="Preset" value={preset ?? SAME} options={options} onChange={choose} />
        <MachineNameFields {...fields} />
      </div>
      <p class="machine-summary">{computed.ok ? summaryOf(computed.value) : 'Some inputs cannot be used.'}</p>
      {computed.ok && <Caveats mmu={computed.value} />}
      <details class="more-inputs">
        <summary>All inputs</summary>
        <MachineFields {...fields} />
      </details>
      {Object.keys(changes).length > 0 && (
        <button type="button" class="plain-button" onClick={() => choose(preset ?? SAME)}>
          Undo the changes
        </button>
      )}
    </section>
  );
}
