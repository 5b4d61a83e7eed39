// SPDX-License-Identifier: GPL-2.0-only
import { FlagField } from './flag-field.tsx';

/** The names of the boolean fields of a form. */
type FlagName<Form> = { [K in keyof Form]: Form[K] extends boolean ? K : never }[keyof Form] & string;

/** A boolean field of a form and its label. */
export type Flag<Form> = readonly [name: FlagName<Form>, label: string];

interface FlagsProps<Form> {
  readonly legend: string;
  readonly flags: readonly Flag<Form>[];
  readonly values: Form;
  readonly set: (fields: Partial<Form>) => void;
}

/** A group of boolean fields under a legend. */
export function Flags<Form>({ legend, flags, values, set }: FlagsProps<Form>) {
  return (
    <fieldset class="flags">
      <legend>{legend}</legend>
      {flags.map(([name, label]) => (
        <FlagField
          key={name}
          label={label}
          checked={values[name] === true}
          onChange={(checked) => set({ [name]: checked } as Partial<Form>)}
        />
      ))}
    </fieldset>
  );
}
