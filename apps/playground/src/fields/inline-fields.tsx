// SPDX-License-Identifier: GPL-2.0-only
import { useId } from 'preact/hooks';

interface InlineTextProps {
  /** What it is, for who does not see the words around it. */
  readonly label: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

/** A line of text within a sentence, as wide as what is in it; its error stands right below. */
export function InlineText({ label, value, error, onChange }: InlineTextProps) {
  const id = useId();
  return (
    <span class={error === undefined ? 'inline-field' : 'inline-field field-wrong'}>
      <input
        type="text"
        class="mono"
        aria-label={label}
        size={Math.max(4, Math.min(value.length + 1, 20))}
        value={value}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : id}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {error !== undefined && (
        <span class="field-error" id={id}>
          {error}
        </span>
      )}
    </span>
  );
}

interface InlineChoiceProps<V extends string> {
  readonly label: string;
  readonly value: V;
  /** Value and text of each option. */
  readonly options: readonly (readonly [V, string])[];
  readonly onChange: (value: V) => void;
}

/** One of a few values within a sentence. */
export function InlineChoice<V extends string>({ label, value, options, onChange }: InlineChoiceProps<V>) {
  return (
    <select
      class="inline-choice"
      aria-label={label}
      value={value}
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
  );
}
