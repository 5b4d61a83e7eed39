// SPDX-License-Identifier: GPL-2.0-only
import { useId } from 'preact/hooks';
import { describedBy, FieldFrame } from './field-frame.tsx';

interface ChoiceFieldProps<V extends string> {
  readonly label: string;
  readonly value: V;
  /** Value and text of each option. */
  readonly options: readonly (readonly [V, string])[];
  readonly onChange: (value: V) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

/** One of a few values. */
export function ChoiceField<V extends string>({
  label,
  value,
  options,
  onChange,
  hint,
  error,
}: ChoiceFieldProps<V>) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error}>
      <select
        id={id}
        value={value}
        aria-describedby={describedBy(id, hint, error)}
        onChange={(event) => {
          const chosen = options.find(([option]) => option === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}
