// SPDX-License-Identifier: GPL-2.0-only

/** A JSON object as a vector holds it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One line of a vector file. */
export interface Vector {
  /** Function under test. */
  readonly fn: string;
  /** Kernel release; the reference when absent. */
  readonly kernel?: string;
  readonly config: Fields;
  /** The configuration as text: vectors with equal configurations share an MMU. */
  readonly configKey: string;
  readonly initWarnings: unknown;
  readonly masks: JsonObject;
  readonly args: Fields;
  readonly result: unknown;
  readonly warnings: unknown;
}

const U64_HEX = /^0x[0-9a-f]{1,16}$/;

/** Typed access to the fields of a JSON object; a field that is missing or of another type is an error that names it. */
export class Fields {
  readonly #where: string;
  readonly #fields: JsonObject;

  constructor(where: string, fields: JsonObject) {
    this.#where = where;
    this.#fields = fields;
  }

  /** A 64-bit word, written as a hex string. */
  u64(name: string): bigint {
    const value = this.#fields[name];
    if (typeof value !== 'string' || !U64_HEX.test(value)) throw this.#error(name, 'a lower-case hex word');
    return BigInt(value);
  }

  /** A 32-bit word, written as a hex string. */
  u32(name: string): number {
    return Number(BigInt.asUintN(32, this.u64(name)));
  }

  /** A small number, which may be negative. */
  int(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.#error(name, 'an integer');
    return value;
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw this.#error(name, 'true or false');
    return value;
  }

  /** A flag that only some kernels' vectors have; false when absent. */
  optionalFlag(name: string): boolean {
    return this.has(name) && this.flag(name);
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw this.#error(name, 'a string');
    return value;
  }

  list(name: string): Fields[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.#error(name, 'an array');
    return value.map(
      (item, i) => new Fields(`${this.#where}.${name}[${i}]`, asObject(`${name}[${i}]`, item)),
    );
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  #error(name: string, wanted: string): TypeError {
    return new TypeError(
      `${this.#where}.${name} must be ${wanted}, got ${JSON.stringify(this.#fields[name])}`,
    );
  }
}

function asObject(name: string, value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, got ${JSON.stringify(value)}`);
  }
  return { ...value };
}

/**
 * Reads one line of a vector file.
 *
 * @throws SyntaxError when it is not JSON
 * @throws TypeError naming the key that is missing or of another type
 */
export function parseVector(line: string): Vector {
  const vector = asObject('vector', JSON.parse(line));
  const top = new Fields('vector', vector);
  for (const key of ['initWarnings', 'result', 'warnings']) {
    if (!top.has(key)) throw new TypeError(`vector.${key} is missing`);
  }
  const config = asObject('config', vector['config']);
  return {
    fn: top.text('fn'),
    ...(top.has('kernel') && { kernel: top.text('kernel') }),
    config: new Fields('config', config),
    configKey: JSON.stringify([vector['kernel'], config]),
    initWarnings: vector['initWarnings'],
    masks: asObject('masks', vector['masks']),
    args: new Fields('args', asObject('args', vector['args'])),
    result: vector['result'],
    warnings: vector['warnings'],
  };
}
