// SPDX-License-Identifier: GPL-2.0-only

interface FlagFieldProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** Yes or no. */
export function FlagField({ label, checked, onChange }: FlagFieldProps) {
  return (
    <label class="flag">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
