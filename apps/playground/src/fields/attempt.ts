// SPDX-License-Identifier: GPL-2.0-only
import { KvmBug } from '@spte/core';
import type { Parsed } from './parse.ts';

/** What is wrong with a form, by field; `form` is for what no field is to blame for. */
export type FormErrors<Field extends string> = Readonly<Partial<Record<Field | 'form', string>>>;

/** A result that was computed, or what hinders it. */
export type Attempt<T, Field extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: FormErrors<Field> };

/** Reads the fields of a form and remembers which could not be read. */
export class Reader<Field extends string> {
  readonly errors: Partial<Record<Field, string>> = {};

  /** The value, or `substitute` after noting the error. */
  read<T>(field: Field, parsed: Parsed<T>, substitute: T): T {
    if (parsed.ok) return parsed.value;
    this.errors[field] = parsed.error;
    return substitute;
  }

  get failed(): boolean {
    return Object.keys(this.errors).length > 0;
  }
}

/**
 * Runs `compute`; what it throws becomes the error of a field.
 *
 * @param fieldOf the field that feeds an argument, by the argument's name, with which the message starts
 */
export function attempt<T, Field extends string>(
  reader: Reader<Field>,
  fieldOf: Readonly<Record<string, Field>>,
  compute: () => T,
): Attempt<T, Field> {
  if (reader.failed) return { ok: false, errors: reader.errors as FormErrors<Field> };
  try {
    return { ok: true, value: compute() };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError || error instanceof KvmBug)) throw error;
    const argument = Object.keys(fieldOf).find((name) => error.message.startsWith(`${name} `));
    const field = argument === undefined ? undefined : fieldOf[argument];
    return { ok: false, errors: { [field ?? 'form']: error.message } as FormErrors<Field> };
  }
}

/** The errors of an attempt; none for one that succeeded or was not made. */
export function errorsIn<Field extends string>(tried: Attempt<unknown, Field> | null): FormErrors<Field> {
  return tried === null || tried.ok ? ({} as FormErrors<Field>) : tried.errors;
}
