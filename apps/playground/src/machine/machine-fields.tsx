// SPDX-License-Identifier: GPL-2.0-only
import { ChoiceField } from '../fields/choice-field.tsx';
import { type Flag, Flags } from '../fields/flags.tsx';
import { TextField } from '../fields/text-field.tsx';
import type { Machine } from './machine.ts';
import type { MachineErrors } from './mmu.ts';

export interface MachineFieldsProps {
  readonly machine: Machine;
  readonly errors: MachineErrors;
  readonly set: (fields: Partial<Machine>) => void;
}

const cpu: readonly Flag<Machine>[] = [
  ['l1tf', 'L1TF bug'],
  ['gbpages', '1G pages'],
];

const eptFlags: readonly Flag<Machine>[] = [
  ['ept', 'EPT (ept)'],
  ['eptAd', 'A/D bits (eptad)'],
  ['eptExecOnly', 'execute-only entries'],
  ['pml', 'page modification log (pml)'],
];

const nptFlags: readonly Flag<Machine>[] = [['npt', 'NPT (npt)']];

const kvmFlags: readonly Flag<Machine>[] = [
  ['mmioCaching', 'mmio_caching'],
  ['nxHugePages', 'nx_huge_pages'],
];

const rootFlags: readonly Flag<Machine>[] = [
  ['eferNx', 'EFER.NX'],
  ['guestGbpages', 'guest 1G pages'],
  ['ept12ExecOnly', 'nested EPT: execute-only'],
];

/** Every input of the machine but its name; those of the other vendor keep their values out of sight. */
export function MachineFields({ machine, errors, set }: MachineFieldsProps) {
  const text = (name: 'physBits' | 'rawPhysBits' | 'cacheBits' | 'cBit', label: string) => (
    <TextField
      label={label}
      value={machine[name]}
      error={errors[name]}
      inputMode="numeric"
      onChange={(typed) => set({ [name]: typed })}
    />
  );
  const flags = (legend: string, names: readonly Flag<Machine>[]) => (
    <Flags legend={legend} flags={names} values={machine} set={set} />
  );
  return (
    <div class="machine-fields">
      <div class="field-pair">
        {text('physBits', 'Usable physical bits')}
        {text('rawPhysBits', 'Raw MAXPHYADDR')}
        {text('cacheBits', 'Cache bits')}
      </div>
      {flags('CPU', cpu)}
      {machine.vendor === 'vmx' ? (
        <>
          {flags('EPT', eptFlags)}
          <ChoiceField
            label="Largest EPT page"
            value={machine.eptMaxPageLevel}
            error={errors.eptMaxPageLevel}
            options={[
              ['1', '4K'],
              ['2', '2M'],
              ['3', '1G'],
            ]}
            onChange={(eptMaxPageLevel) => set({ eptMaxPageLevel })}
          />
        </>
      ) : (
        <>
          {flags('NPT', nptFlags)}
          <div class="field-pair">
            <ChoiceField
              label="SME"
              value={machine.sme}
              options={[
                ['off', 'off'],
                ['firmware', 'on, not used'],
                ['kernel', 'used'],
              ]}
              onChange={(sme) => set({ sme })}
            />
            {machine.sme !== 'off' && text('cBit', 'C-bit')}
          </div>
        </>
      )}
      {flags('kvm.ko', kvmFlags)}
      <div class="field-pair last-wide">
        <ChoiceField
          label="MMU"
          value={machine.mmuKind}
          options={[
            ['default', 'as the vendor has it'],
            ['tdp', 'tdp: EPT or NPT'],
            ['shadow', 'shadow: legacy or nested NPT'],
            ['ept12', 'ept12: nested EPT'],
            ['none', 'none: nothing reserved'],
          ]}
          onChange={(mmuKind) => set({ mmuKind })}
        />
        <ChoiceField
          label="Root level"
          value={machine.rootLevel}
          error={errors.rootLevel}
          options={[
            ['2', '2'],
            ['3', '3 (PAE)'],
            ['4', '4'],
            ['5', '5'],
          ]}
          onChange={(rootLevel) => set({ rootLevel })}
        />
      </div>
      {flags('Root', rootFlags)}
      {errors.form !== undefined && <p class="field-error">{errors.form}</p>}
    </div>
  );
}
