// SPDX-License-Identifier: GPL-2.0-only
import { checkInteger, checkU64, describe } from './arguments.ts';

/**
 * What an argument may be: words with `|` between them. A word is a kind (`u64`, `string`, `list`, …), a type of the table, `=text` for that
 * very text, or `0..63` for an integer in that range. A name that ends in `?` may be left out, one that ends in `…` stands
 * for all arguments that follow.
 */
export type Kind = string;

/** What the functions of a package take: for each the names of its arguments in order, and what each may be. */
export interface Signatures {
  readonly functions: Readonly<Record<string, Readonly<Record<string, Kind>>>>;
  /** Objects by the name of their type: the members that are looked at. */
  readonly types: Readonly<Record<string, Readonly<Record<string, Kind>>>>;
  /** Types that are written by hand, so that a member which none of them has is a slip. */
  readonly closed: readonly string[];
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isCallable = (value: unknown): boolean => typeof value === 'function';

/** The kinds that every table knows: in words, and whether a value is one. */
const KINDS: Readonly<Record<string, readonly [words: string, fits: (value: unknown) => boolean]>> = {
  any: ['anything', () => true],
  bigint: ['a bigint', (value) => typeof value === 'bigint'],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  bytes: ['a Uint8Array', (value) => value instanceof Uint8Array],
  function: ['a function', isCallable],
  iterable: [
    'iterable',
    (value) => isObject(value) && (Symbol.iterator in value || Symbol.asyncIterator in value),
  ],
  list: ['an array', (value) => Array.isArray(value)],
  null: ['null', (value) => value === null],
  number: ['a number', (value) => typeof value === 'number' && !Number.isNaN(value)],
  object: ['an object', (value) => isObject(value) && !Array.isArray(value)],
  string: ['a string', (value) => typeof value === 'string'],
  undefined: ['undefined', (value) => value === undefined],
};

const RANGE = /^(-?\d+)\.\.(\d+)$/;

/** Why a value is not of one word of a kind: an error; undefined where it is. */
function refusal(table: Signatures, argument: string, word: Kind, value: unknown): Error | undefined {
  const [, low, high] = RANGE.exec(word) ?? [];
  const members = table.types[word];
  try {
    if (word === 'u64') checkU64(argument, value as bigint);
    else if (low !== undefined) checkInteger(argument, value as number, Number(low), Number(high));
    else if (members) checkMembers(table, argument, { name: word, members }, value);
    else if (!fitsWord(word, value))
      return new TypeError(`${argument} must be ${wordsOf(table, word)}, got ${describe(value)}`);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

const fitsWord = (word: string, value: unknown): boolean =>
  word.startsWith('=') ? value === word.slice(1) : KINDS[word]?.[1](value) === true;

/** A word of a kind, as an error names it. */
function wordsOf({ types }: Signatures, word: string): string {
  const members = types[word];
  if (members) return objectWith(members);
  if (word === 'u64') return 'a bigint within 0x0..0xffffffffffffffff';
  return word.startsWith('=') ? word.slice(1) : (KINDS[word]?.[0] ?? `an integer within ${word}`);
}

/** An object, by the members that it must have. */
function objectWith(members: Readonly<Record<string, Kind>>): string {
  const required = Object.keys(members).filter((name) => !name.endsWith('?'));
  return required.length > 0 ? `an object with ${required.join(', ')}` : 'an object';
}

interface Shape {
  readonly name: string;
  readonly members: Readonly<Record<string, Kind>>;
}

function checkMembers(
  table: Signatures,
  argument: string,
  { name: type, members }: Shape,
  value: unknown,
): void {
  if (!isObject(value) || Array.isArray(value)) {
    throw new TypeError(`${argument} must be ${objectWith(members)}, got ${describe(value)}`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const known = Object.entries(members).map(
    ([member, kind]) => [member.replace(/\?$/, ''), member, kind] as const,
  );
  if (table.closed.includes(type))
    checkSlips(
      argument,
      known.map(([name]) => name),
      given,
    );
  for (const [name, member, kind] of known) {
    if (given[name] !== undefined || name === member)
      checkKind(table, `${argument}.${name}`, kind, given[name]);
  }
}

function checkSlips(argument: string, known: readonly string[], given: object): void {
  const slip = Object.keys(given).find((name) => !known.includes(name));
  if (slip === undefined) return;
  throw new TypeError(`a member of ${argument} must be one of ${known.join(', ')}, got ${describe(slip)}`);
}

function checkKind(table: Signatures, argument: string, kind: Kind, value: unknown): void {
  const words = kind.split('|');
  const refusals: Error[] = [];
  for (const word of words) {
    const refused = refusal(table, argument, word, value);
    if (!refused) return;
    refusals.push(refused);
  }
  const [only] = refusals;
  if (only && refusals.length === 1) throw only;
  const said = words.map((word) => wordsOf(table, word)).join(' or ');
  throw new TypeError(`${argument} must be ${said}, got ${describe(value)}`);
}

function checkArguments(
  table: Signatures,
  names: Readonly<Record<string, Kind>>,
  given: readonly unknown[],
): void {
  Object.entries(names).forEach(([name, kind], i) => {
    const plain = name.replace(/[?…]$/, '');
    const values = name.endsWith('…') ? given.slice(i) : [given[i]];
    for (const value of values) {
      if (value !== undefined || plain === name) checkKind(table, plain, kind, value);
    }
  });
}

/**
 * A package whose functions look at all of their arguments before they begin, for callers that no compiler checks. What is
 * wrong is a `TypeError` or a `RangeError` that names the argument, the value and what it may be.
 *
 * Rules are asked for every entry, so that they look at no more than they must: this is for the edge of a program, and
 * costs some hundred nanoseconds a call. A bundler drops it where nobody asks for it. `@spte/core/checked` and its like have it done.
 *
 * @param api what a package exports; what is not a function of the table stays as it is
 */
export function checked<Api extends object>(api: Api, signatures: Signatures): Api {
  const guarded = Object.entries(api).map(([name, member]: [string, unknown]) => {
    const names = signatures.functions[name];
    if (names === undefined) return [name, member];
    const rule = member as (...given: unknown[]) => unknown;
    const guard = (...given: unknown[]): unknown => {
      checkArguments(signatures, names, given);
      return rule(...given);
    };
    return [name, guard];
  });
  return Object.fromEntries(guarded) as Api;
}
