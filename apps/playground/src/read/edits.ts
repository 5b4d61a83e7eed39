// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, hex, type Mmu, PAGE_SHIFT } from '@spte/core';
import { type Parsed, parseHex } from '../fields/parse.ts';

/** A field of an entry that has one of a few values. */
interface EditedChoice {
  readonly field: DecodedField;
  /** Each value with its name. */
  readonly options: readonly (readonly [value: string, name: string])[];
}

/** What of an entry can be changed other than bit by bit. */
export interface Editable {
  /** Where the address is; null in an entry that has none. */
  readonly address: DecodedField | null;
  readonly choices: readonly EditedChoice[];
  /** Bits that allow something, each alone. */
  readonly access: readonly DecodedField[];
}

const ACCESS: readonly string[] = [
  'present',
  'readable',
  'writable',
  'executable',
  'userExecutable',
  'user',
  'noExecute',
];

/** The fields of an entry that can be changed by value. */
export function editableOf({ vendor: { format }, layout }: Mmu, fields: readonly DecodedField[]): Editable {
  const named = (name: string): DecodedField | undefined => fields.find((field) => field.name === name);
  const choices = [...format.leaf, layout.adType].flatMap(({ name, values, mask }) => {
    const field = named(name);
    if (field === undefined || field.mask !== mask || values === undefined || !isWide(mask)) return [];
    return [{ field, options: Object.entries(values) }];
  });
  return {
    address: named('address') ?? null,
    choices,
    access: ACCESS.map(named).filter((field) => field !== undefined),
  };
}

const isWide = (mask: bigint): boolean => (mask & (mask - 1n)) !== 0n;

/** An entry with another value in a field. */
export function withField(spte: bigint, { mask }: DecodedField, value: bigint): bigint {
  const lowest = mask & -mask;
  return (spte & ~mask) | ((value * lowest) & mask);
}

/** The pfn of an entry, and the entry with another one. */
export const pfnOf = (spte: bigint, { mask }: DecodedField): bigint => (spte & mask) >> PAGE_SHIFT;

/** Reads a pfn for the address field: all of it must fit. */
export function parsePfn(typed: string, { mask }: DecodedField): Parsed<bigint> {
  const parsed = parseHex(typed);
  if (!parsed.ok || ((parsed.value << PAGE_SHIFT) & ~mask) === 0n) return parsed;
  return { ok: false, error: `does not fit: the address has the bits of ${hex(mask)}` };
}

/** An entry with another pfn. */
export const withPfn = (spte: bigint, { mask }: DecodedField, pfn: bigint): bigint =>
  (spte & ~mask) | ((pfn << PAGE_SHIFT) & mask);
