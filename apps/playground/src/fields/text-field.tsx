// SPDX-License-Identifier: GPL-2.0-only
import { useId } from 'preact/hooks';
import { describedBy, FieldFrame } from './field-frame.tsx';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  /** `numeric` brings up a keypad for digits. */
  readonly inputMode?: 'text' | 'numeric';
}

/** A line of text that keeps whatever was typed, with its error beside it. */
export function TextField({ label, value, onChange, hint, error, inputMode = 'text' }: TextFieldProps) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        type="text"
        class="mono"
        value={value}
        inputMode={inputMode}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id, hint, error)}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </FieldFrame>
  );
}
