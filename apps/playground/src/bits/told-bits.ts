// SPDX-License-Identifier: GPL-2.0-only
import type { BitItem } from './bit-item.ts';
import { bitPhrase, hasBit } from './bit-ranges.ts';
import type { Cell } from './cells.ts';
import { type Owner, ownerOf } from './owners.ts';
import { fieldWords } from './short-names.ts';
import type { Spot } from './use-highlight.ts';

/** What is to be said of the bits that are pointed at. */
export interface ToldBits {
  readonly title: string;
  /** The name of the field, where it is one. */
  readonly field: string | null;
  readonly owner: Owner;
  /** What it says, with its value where that is more than a yes or a no. */
  readonly meaning: string;
  readonly why: string | null;
  /** The kernel functions that set it in the entry, each with its reason. */
  readonly setBy: readonly { readonly rule: string; readonly why: string }[];
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** What is to be said of a spot of an entry; null when the entry has no such bits. */
export function toldBits(spot: Spot, cells: readonly Cell[], items: readonly BitItem[]): ToldBits | null {
  const cell = cells.find(({ bit }) => bit === spot.bit);
  if (cell !== undefined) return toldCell(cell, items);
  const item = items.find(({ id }) => id === spot.id);
  return item === undefined ? null : toldItem(item);
}

function toldCell({ bit, set, field, owner }: Cell, items: readonly BitItem[]): ToldBits {
  const { name, mask, text, meaning, why } = field;
  const isAlone = (mask & (mask - 1n)) === 0n;
  const state = set ? 'is set' : 'is clear';
  return {
    title: isAlone
      ? `Bit ${bit} · ${fieldWords(name)} ${state}`
      : `Bit ${bit} ${state} · ${fieldWords(name)}`,
    field: name,
    owner,
    meaning: capital(isAlone || ownerOf(field) === 'unused' ? meaning : `${meaning}: ${text}`),
    why,
    setBy: items
      .filter((item) => hasBit(item.mask, bit))
      .flatMap(({ rule, meaning }) => (rule === null ? [] : [{ rule, why: meaning }])),
  };
}

function toldItem({ mask, name, owner, value, meaning, why, rule }: BitItem): ToldBits {
  return {
    title: `${capital(bitPhrase(mask))} · ${fieldWords(name)}`,
    field: name,
    owner,
    meaning: rule === null ? capital(`${meaning}: ${value}`) : value,
    why,
    setBy: rule === null ? [] : [{ rule, why: meaning }],
  };
}

/** The same in a line. */
export function toldLine({ title, meaning, why, setBy }: ToldBits): string {
  const reasons = setBy.map(({ rule, why }) => ` Set by ${rule}: ${why}.`);
  return `${title}: ${meaning}${why === null ? '' : `; ${why}`}.${reasons.join('')}`;
}
