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
 * @param value plain data: no functions, no cycles
 *
 * @example
 * ```ts
 * import { toJson } from '@spte/core';
 *
 * toJson({ spte: 0x5a0n, levels: [1, 2] }); // { spte: '0x5a0', levels: [ 1, 2 ] }
 * ```
 */
export function toJson<T>(value: T): JsonSafe<T> {
  return convert(value) as JsonSafe<T>;
}

function convert(value: unknown): unknown {
  if (typeof value === 'bigint') return hex(value);
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item)]));
}
