// SPDX-License-Identifier: GPL-2.0-only
import type { SpteRole } from './record.ts';

/** How a field is written. */
export type FieldKind =
  /** Hex of up to 64 bits, `0x` in front or not. */
  | 'hex'
  /** Decimal of up to 32 bits, with a sign or not. */
  | 'decimal'
  /** Decimal of up to 64 bits, of a field that is hex elsewhere. */
  | 'decimalHex'
  /** Anything up to a space. */
  | 'word'
  /** Words up to a certain one, or nothing at all. */
  | 'words'
  /** Names and hex joined by `|`, or nothing at all. */
  | 'flags'
  /** Hex, or what the kernel prints in place of an address that it hides. */
  | 'pointer'
  /** Anything up to a closing parenthesis. */
  | 'parenthesized';

/** A piece of a pattern: text that must be there, text that may be there, or a field. */
export interface Token {
  readonly kind: 'literal' | 'switch' | FieldKind;
  /** The text; empty for a field. */
  readonly literal: string;
  /** Name of the field, which for a `switch` says whether its text is there; empty for a literal. */
  readonly field: string;
  /** The word that ends `words`, with the blank after it; empty for others. */
  readonly stop: string;
  /** What the SPTE is, if the field is one. */
  readonly role: SpteRole | null;
}

/** A line's text after its event, in pieces. */
export interface Pattern {
  readonly tokens: readonly Token[];
  /** How many tokens must match; those after them may all be missing. */
  readonly required: number;
}

const KINDS: Readonly<Record<string, FieldKind>> = {
  x: 'hex',
  d: 'decimal',
  w: 'word',
  s: 'words',
  e: 'flags',
  p: 'pointer',
  c: 'parenthesized',
};

/** Roles of SPTEs, which are hex. */
const ROLES: Readonly<Record<string, SpteRole>> = {
  spte: 'spte',
  old: 'old',
  new: 'new',
  hierarchy: 'hierarchy',
  guest: 'guest',
};

/**
 * Compiles a pattern: text with `{name:kind}` for fields, `{name:s word}` for words up to that one, `{name?text}` for text that may be missing, and `[…]` around
 * a tail that may be missing.
 *
 * ```
 *  gfn {gfn:x} spte {spte:spte} ({access:c}) level {level:d}[ at {at:x}]
 *      hex          SPTE         up to `)`         decimal    optional tail
 * ```
 *
 * @throws TypeError when a kind is not known: a mistake in the table
 */
export function pattern(source: string): Pattern {
  const tokens: Token[] = [];
  let required = -1;
  for (const [piece] of source.matchAll(/\{[^}]*\}|[[\]]|[^{}[\]]+/g)) {
    if (piece === '[') required = tokens.length;
    else if (piece !== ']') tokens.push(token(piece));
  }
  return { tokens, required: required < 0 ? tokens.length : required };
}

function token(piece: string): Token {
  if (!piece.startsWith('{')) return { kind: 'literal', literal: piece, field: '', stop: '', role: null };
  const body = piece.slice(1, -1);
  const [name = '', literal] = body.split('?');
  if (literal !== undefined) return { kind: 'switch', literal, field: name, stop: '', role: null };
  const [field = '', type = ''] = body.split(':');
  const [kind = '', stop] = type.split(' ');
  const role = ROLES[kind] ?? null;
  return {
    kind: role === null ? kindOf(kind) : 'hex',
    literal: '',
    field,
    stop: stop === undefined ? '' : `${stop} `,
    role,
  };
}

function kindOf(name: string): FieldKind {
  const kind = KINDS[name];
  if (kind === undefined) throw new TypeError(`no such kind of field: ${JSON.stringify(name)}`);
  return kind;
}
