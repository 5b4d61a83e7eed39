// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '../bits/bits.ts';

/** The words for each answer of a table. */
export type Texts<Table> = { readonly [Code in keyof Table]: (params: Table[Code]) => string };

/** An answer by its name. Whoever adds answers of his own names them `plugin/name`. */
export interface Answer {
  readonly code: string;
  readonly params: object;
  /** The words that an answer of a plugin's brings along. */
  readonly text?: string | undefined;
  /** What such an answer says to do next. */
  readonly next?: string | undefined;
}

/** Says an answer in words: the catalogue's, or those that it brings along, or by its name and what it knows. */
export function textOf<Table>(texts: Texts<Table>, { code, params, text: own }: Answer): string {
  const known = texts as Readonly<Record<string, (params: object) => string>>;
  const text = Object.hasOwn(known, code) ? known[code] : undefined;
  if (text !== undefined) return text(params);
  if (own !== undefined) return own;
  const parts = Object.entries(params).map(([name, value]) => `${name} ${plain(value)}`);
  return parts.length === 0 ? code : `${code} (${parts.join(', ')})`;
}

const plain = (value: unknown): string => (typeof value === 'bigint' ? hex(value) : String(value));
