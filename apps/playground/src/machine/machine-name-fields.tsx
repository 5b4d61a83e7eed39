// SPDX-License-Identifier: GPL-2.0-only
import { ChoiceField } from '../fields/choice-field.tsx';
import { TextField } from '../fields/text-field.tsx';
import type { MachineFieldsProps } from './machine-fields.tsx';

/** The inputs by which a machine is known: vendor and kernel. */
export function MachineNameFields({ machine, errors, set }: MachineFieldsProps) {
  return (
    <div class="field-pair">
      <ChoiceField
        label="Vendor module"
        value={machine.vendor}
        options={[
          ['vmx', 'vmx (Intel)'],
          ['svm', 'svm (AMD)'],
        ]}
        onChange={(vendor) => set({ vendor })}
      />
      <TextField
        label="Kernel"
        value={machine.kernel}
        error={errors.kernel}
        onChange={(kernel) => set({ kernel })}
      />
    </div>
  );
}
