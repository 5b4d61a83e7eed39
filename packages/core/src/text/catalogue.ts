// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';

/** The words for each answer of a table. */
export type Texts<Table> = { readonly [Code in keyof Table]: (params: Table[Code]) => string };

/** An answer by its name. Whoever adds answers of his own names them `plugin/name`. */
export interface Answer {
  readonly code: string;
  readonly params: object;
}

/** Says an answer in words; one that the catalogue does not have, by its name and what it knows. */
export function textOf<Table>(texts: Texts<Table>, { code, params }: Answer): string {
  if (Object.hasOwn(texts, code))
    return (texts as Record<string, (params: object) => string>)[code]?.(params) ?? code;
  const known = Object.entries(params).map(([name, value]) => `${name} ${plain(value)}`);
  return known.length === 0 ? code : `${code} (${known.join(', ')})`;
}

const plain = (value: unknown): string => (typeof value === 'bigint' ? hex(value) : String(value));
