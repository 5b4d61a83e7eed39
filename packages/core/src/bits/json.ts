// SPDX-License-Identifier: GPL-2.0-only
import { hex } from './bits.ts';

/** What a value becomes in JSON: bigints turn into hex strings, everything else stays. */
export type JsonSafe<T> = T extends bigint
  ? string
  : T extends readonly (infer Item)[]
    ? readonly JsonSafe<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: JsonSafe<T[Name]> }
      : T;

/**
 * A copy that `JSON.stringify()` takes: each bigint as a lower-case hex string (`"0x600000455299b77"`).
 *
 * @param value plain data: no functions, at most 1000 deep
 * @throws TypeError when it is nested deeper, as a value that contains itself is
 *
 * @example
 * ```ts
 * import { toJson } from '@spte/core';
 *
 * toJson({ spte: 0x5a0n, levels: [1, 2] }); // { spte: '0x5a0', levels: [ 1, 2 ] }
 * ```
 */
export function toJson<T>(value: T): JsonSafe<T> {
  return convert(value, 0) as JsonSafe<T>;
}

/** What core says of entries is ten deep. */
const MAX_DEPTH = 1000;

function convert(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return hex(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) {
    throw new TypeError(`value must not be nested deeper than ${MAX_DEPTH}, as one that contains itself is`);
  }
  if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item, depth + 1)]));
}
