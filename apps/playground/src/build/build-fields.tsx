// SPDX-License-Identifier: GPL-2.0-only

import type { FormErrors } from '../fields/attempt.ts';
import { ChoiceField } from '../fields/choice-field.tsx';
import { type Flag, Flags } from '../fields/flags.tsx';
import { TextField } from '../fields/text-field.tsx';
import type { BuildForm } from '../state/build-form.ts';

interface BuildFieldsProps {
  readonly form: BuildForm;
  readonly errors: FormErrors<keyof BuildForm>;
  readonly set: (fields: Partial<BuildForm>) => void;
}

const access: readonly Flag<BuildForm>[] = [
  ['read', 'read (7.2 on)'],
  ['write', 'write'],
  ['user', 'user (EPT: read)'],
  ['exec', 'execute'],
];

const fault: readonly Flag<BuildForm>[] = [
  ['prefetch', 'prefetch'],
  ['hostWritable', 'writable in the host'],
  ['device', 'pfn is a device'],
];

const page: readonly Flag<BuildForm>[] = [
  ['adDisabled', 'A/D disabled'],
  ['guestMode', 'nested guest'],
];

const vm: readonly Flag<BuildForm>[] = [
  ['dirtyLog', 'dirty logging'],
  ['writeTracked', 'gfn write-tracked'],
  ['canUnsync', 'may go out of sync'],
  ['nxOptOut', 'no iTLB mitigation'],
];

const caching: readonly Flag<BuildForm>[] = [
  ['noncoherentDma', 'non-coherent DMA'],
  ['cr0Cd', 'CR0.CD'],
  ['quirkCdNw', 'CD/NW quirk'],
];

/** The inputs of the rule that makes the entry; those of another rule keep their values out of sight. */
export function BuildFields({ form, errors, set }: BuildFieldsProps) {
  const text = (name: 'gfn' | 'pfn' | 'oldSpte' | 'childPa' | 'generation', label: string) => (
    <TextField
      label={label}
      value={form[name]}
      error={errors[name]}
      onChange={(typed) => set({ [name]: typed })}
    />
  );
  const flags = (legend: string, names: readonly Flag<BuildForm>[]) => (
    <Flags legend={legend} flags={names} values={form} set={set} />
  );
  return (
    <div class="build-form">
      <div class="field-row">
        <ChoiceField
          label="Make"
          value={form.make}
          options={[
            ['leaf', 'a leaf (a page)'],
            ['table', 'a table'],
            ['mmio', 'an MMIO SPTE'],
          ]}
          onChange={(make) => set({ make })}
        />
        {form.make === 'leaf' && (
          <>
            <ChoiceField
              label="Level"
              value={form.at}
              options={[
                ['1', '1 (4K)'],
                ['2', '2 (2M)'],
                ['3', '3 (1G)'],
              ]}
              onChange={(at) => set({ at })}
            />
            {text('gfn', 'gfn (hex)')}
            {text('pfn', 'pfn (hex)')}
            {text('oldSpte', 'Old SPTE (hex)')}
          </>
        )}
        {form.make === 'table' && (
          <>
            <ChoiceField
              label="Level"
              value={form.tableAt}
              options={[
                ['2', '2'],
                ['3', '3'],
                ['4', '4'],
                ['5', '5'],
              ]}
              onChange={(tableAt) => set({ tableAt })}
            />
            {text('childPa', 'Address of the table below (hex)')}
          </>
        )}
        {form.make === 'mmio' && (
          <>
            {text('gfn', 'gfn (hex)')}
            {text('generation', 'Memslot generation (hex)')}
          </>
        )}
      </div>
      <div class="flag-groups">
        {form.make !== 'table' && flags('Access', access)}
        {form.make === 'leaf' && flags('Fault and host', fault)}
        {form.make === 'leaf' && flags('Shadow page', page)}
        {form.make === 'table' && flags('Shadow page', page.slice(0, 1))}
        {form.make === 'leaf' && flags('VM and memslot', vm)}
        {form.make === 'leaf' && (
          <div class="caching">
            {flags('Caching', caching)}
            <ChoiceField
              label="Guest MTRR type"
              value={form.guestMtrr}
              options={[
                ['0', 'UC'],
                ['1', 'WC'],
                ['4', 'WT'],
                ['5', 'WP'],
                ['6', 'WB'],
              ]}
              onChange={(guestMtrr) => set({ guestMtrr })}
            />
          </div>
        )}
      </div>
    </div>
  );
}
