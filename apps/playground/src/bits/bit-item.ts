// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedField, hex, type Reason } from '@spte/core';
import { bitText } from './bit-ranges.ts';
import { type Owner, ownerOf } from './owners.ts';
import { shortName } from './short-names.ts';

/** Some bits of an entry and what is to be said about them: a row of the table below the register. */
export interface BitItem {
  readonly id: string;
  readonly name: string;
  /** What the register calls it, where that is not its name. */
  readonly short: string | null;
  readonly owner: Owner;
  readonly mask: bigint;
  readonly bits: string;
  readonly value: string;
  readonly meaning: string;
  /** Why KVM sets the field as it does, where there is something to say. */
  readonly why: string | null;
  /** The kernel function that set the bits. */
  readonly rule: string | null;
}

/** Rows for the fields of an entry; bits without a meaning have one only where they are set. */
export function itemsOfFields(fields: readonly DecodedField[]): BitItem[] {
  return fields
    .filter(({ name, value }) => value !== 0n || (name !== 'ignored' && name !== 'reserved'))
    .map((field) => ({
      id: `${field.name}-${field.mask}`,
      name: field.name,
      short: shortOf(field),
      owner: ownerOf(field),
      mask: field.mask,
      bits: bitText(field.mask),
      value: field.text,
      meaning: field.meaning,
      why: field.why,
      rule: null,
    }));
}

/** Rows for the reasons of an entry, named by the fields that they set. */
export function itemsOfReasons(reasons: readonly Reason[], fields: readonly DecodedField[]): BitItem[] {
  return reasons.map(({ bits, rule, why }, index) => {
    const touched = fields.filter(({ mask }) => (mask & bits) !== 0n);
    const whole = touched.length === 1 ? touched[0] : undefined;
    return {
      id: `${index}-${bits}`,
      name: touched.map(({ name }) => name).join(', '),
      short: whole === undefined ? null : shortOf(whole),
      owner: touched[0] === undefined ? 'unused' : ownerOf(touched[0]),
      mask: bits,
      // An address is where its field is, whatever bits of it are set.
      bits: bitText(whole?.mask ?? bits),
      value: hex(bits),
      meaning: why,
      why: null,
      rule,
    };
  });
}

/** What the register calls a field of one bit. */
function shortOf({ name, mask }: DecodedField): string | null {
  return (mask & (mask - 1n)) === 0n ? shortName(name) : null;
}

/** The bits that belong together with `bit`: those of the rows that have it, or else of its field. */
export function maskAround(bit: number, items: readonly BitItem[], field: DecodedField): bigint {
  const around = items
    .filter(({ mask }) => ((mask >> BigInt(bit)) & 1n) !== 0n)
    .reduce((mask, item) => mask | item.mask, 0n);
  return around === 0n ? field.mask : around;
}
