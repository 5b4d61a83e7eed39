// SPDX-License-Identifier: GPL-2.0-only

/** How a value is written in the URL. */
interface Codec<V> {
  readonly encode: (value: V) => string;
  /** Null when the text is not a value of this kind. */
  readonly decode: (text: string) => V | null;
}

/** One codec for each field of a flat record. */
export type Codecs<T> = { readonly [K in keyof T]: Codec<T[K]> };

/** Text as it was typed, legal or not. */
export const text: Codec<string> = { encode: (value) => value, decode: (value) => value };

export const flag: Codec<boolean> = {
  encode: (value) => (value ? '1' : '0'),
  decode: (value) => (value === '1' ? true : value === '0' ? false : null),
};

/** One of a few words. */
export function choice<C extends string>(...options: readonly C[]): Codec<C> {
  return { encode: (value) => value, decode: (value) => options.find((option) => option === value) ?? null };
}

/** Writes to `params` the fields of `value` that differ from `base`. */
export function encodeOver<T extends object>(
  codecs: Codecs<T>,
  base: T,
  value: T,
  params: URLSearchParams,
): void {
  for (const name of Object.keys(codecs) as (keyof T & string)[]) {
    if (value[name] !== base[name]) params.set(name, codecs[name].encode(value[name]));
  }
}

/** Takes `base` and the fields that `params` has; what cannot be read stays as in `base`. */
export function decodeOver<T extends object>(codecs: Codecs<T>, base: T, params: URLSearchParams): T {
  const value = { ...base };
  for (const name of Object.keys(codecs) as (keyof T & string)[]) {
    const written = params.get(name);
    if (written !== null) value[name] = codecs[name].decode(written) ?? base[name];
  }
  return value;
}

/** Writes every field of `changes` to `params`, under its name with `prefix` before it. */
export function encodeChanges<T extends object>(
  codecs: Codecs<T>,
  changes: Partial<T>,
  params: URLSearchParams,
  prefix: string,
): void {
  for (const name of Object.keys(codecs) as (keyof T & string)[]) {
    const value = changes[name];
    if (value !== undefined) params.set(`${prefix}${name}`, codecs[name].encode(value));
  }
}

/** The fields that `params` has under `prefix`; what cannot be read is left out. */
export function decodeChanges<T extends object>(
  codecs: Codecs<T>,
  params: URLSearchParams,
  prefix: string,
): Partial<T> {
  const changes: Partial<T> = {};
  for (const name of Object.keys(codecs) as (keyof T & string)[]) {
    const written = params.get(`${prefix}${name}`);
    const value = written === null ? null : codecs[name].decode(written);
    if (value !== null) changes[name] = value;
  }
  return changes;
}
