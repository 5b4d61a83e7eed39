// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, hex, type Mmu } from '@spte/core';
import { useState } from 'preact/hooks';
import { hasBit } from '../bits/bit-ranges.ts';
import { fieldWords } from '../bits/short-names.ts';
import { ChoiceField } from '../fields/choice-field.tsx';
import { FlagField } from '../fields/flag-field.tsx';
import { TextField } from '../fields/text-field.tsx';
import { editableOf, parsePfn, pfnOf, withField, withPfn } from './edits.ts';

interface EditFieldsProps {
  readonly mmu: Mmu;
  readonly value: bigint;
  readonly fields: readonly DecodedField[];
  /** Takes the entry as it became. */
  readonly onEdit: (value: bigint) => void;
}

/** The fields of an entry that are more than a bit, and what it allows, to be changed. */
export function EditFields({ mmu, value, fields, onEdit }: EditFieldsProps) {
  const { address, choices, access } = editableOf(mmu, fields);
  if (address === null && choices.length === 0) return null;
  return (
    <fieldset class="edit-fields">
      <legend>Change</legend>
      {address !== null && <PfnField key={value} value={value} address={address} onEdit={onEdit} />}
      {choices.map(({ field, options }) => (
        <ChoiceField
          key={field.name}
          label={fieldWords(field.name)}
          value={field.value.toString()}
          options={
            options.some(([option]) => option === field.value.toString())
              ? options
              : [...options, [field.value.toString(), `${hex(field.value)}, without a meaning`]]
          }
          onChange={(chosen) => onEdit(withField(value, field, BigInt(chosen)))}
        />
      ))}
      <div class="edit-access">
        {access.map(({ name, mask }) => (
          <FlagField
            key={name}
            label={fieldWords(name)}
            checked={hasBit(value, mask.toString(2).length - 1)}
            onChange={() => onEdit(value ^ mask)}
          />
        ))}
      </div>
    </fieldset>
  );
}

interface PfnFieldProps {
  readonly value: bigint;
  readonly address: DecodedField;
  readonly onEdit: (value: bigint) => void;
}

/** The pfn, which counts once it was entered and fits. */
function PfnField({ value, address, onEdit }: PfnFieldProps) {
  const [typed, type] = useState(hex(pfnOf(value, address)));
  const parsed = parsePfn(typed, address);
  const enter = (): void => {
    const next = parsed.ok ? withPfn(value, address, parsed.value) : value;
    if (next !== value) onEdit(next);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        enter();
      }}
      onFocusOut={enter}
    >
      <TextField label="pfn" value={typed} error={parsed.ok ? undefined : parsed.error} onChange={type} />
    </form>
  );
}
