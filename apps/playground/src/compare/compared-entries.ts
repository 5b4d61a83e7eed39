// SPDX-License-Identifier: GPL-2.0-only
import { type BuiltDifference, bit, compareBuilds, type DecodedField, type Mmu } from '@spte/core';
import type { BitItem } from '../bits/bit-item.ts';
import { bitText, hasBit } from '../bits/bit-ranges.ts';
import type { Cell } from '../bits/cells.ts';
import { ownerOf } from '../bits/owners.ts';
import { type BuiltEntry, builtOn } from '../build/build.ts';
import { type Request, type RequestField, withRequest } from '../build/request.ts';
import type { Attempt } from '../fields/attempt.ts';
import type { BuildForm } from '../state/build-form.ts';

/** The SPTEs that two machines make of one request. */
export interface ComparedEntries {
  readonly a: BuiltEntry;
  readonly b: BuiltEntry;
  /** The bits in which they differ, and why; those with one reason are together. */
  readonly items: readonly BitItem[];
}

/** Makes what the form asks for on both machines. */
export function compareEntries(a: Mmu, b: Mmu, form: BuildForm): Attempt<ComparedEntries, RequestField> {
  return withRequest(form, (request) => comparedOf(a, b, request));
}

function comparedOf(a: Mmu, b: Mmu, request: Request): ComparedEntries {
  const difference = compareBuilds(a, b, (mmu) => request.make(mmu).spte);
  const sides = {
    a: builtOn(a, request, difference.b),
    b: builtOn(b, request, difference.a),
  };
  return { ...sides, items: itemsOf(difference, sides.a.cells, sides.b.cells) };
}

type DifferingBit = BuiltDifference['bits'][number];

function itemsOf({ bits }: BuiltDifference, cellsA: readonly Cell[], cellsB: readonly Cell[]): BitItem[] {
  const groups = new Map<string, { readonly first: DifferingBit; readonly mask: bigint }>();
  for (const each of bits.toReversed()) {
    const key = reasonKey(each);
    const { first, mask } = groups.get(key) ?? { first: each, mask: 0n };
    groups.set(key, { first, mask: mask | bit(each.bit) });
  }
  return [...groups.values()].map(({ first, mask }) => {
    const [own, others] = first.in === 'a' ? [cellsA, cellsB] : [cellsB, cellsA];
    return itemOf(first, mask, fieldsAt(own, mask), fieldsAt(others, mask));
  });
}

/** Alike for bits that the same machine set for the same reasons. */
function reasonKey({ in: side, reasons }: DifferingBit): string {
  return [side, ...reasons.map(({ rule, bits }) => `${rule} ${bits}`)].join();
}

function fieldsAt(cells: readonly Cell[], mask: bigint): DecodedField[] {
  return [...new Set(cells.filter(({ bit }) => hasBit(mask, bit)).map(({ field }) => field))];
}

const namesOf = (fields: readonly DecodedField[]): string => fields.map(({ name }) => name).join(', ');

function itemOf(
  { in: side, reasons }: DifferingBit,
  mask: bigint,
  own: readonly DecodedField[],
  others: readonly DecodedField[],
): BitItem {
  const otherSide = side === 'a' ? 'B' : 'A';
  const [name, otherName] = [namesOf(own), namesOf(others)];
  return {
    id: `${side}-${mask}`,
    name,
    short: null,
    owner: own[0] === undefined ? 'unused' : ownerOf(own[0]),
    mask,
    bits: bitText(mask),
    value: `only ${side.toUpperCase()}`,
    meaning: reasons.map(({ why }) => why).join('; '),
    why: name === otherName ? null : `in ${otherSide}: ${otherName}`,
    rule: [...new Set(reasons.map(({ rule }) => rule))].join('(), '),
  };
}
