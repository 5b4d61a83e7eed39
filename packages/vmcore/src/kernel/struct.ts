// SPDX-License-Identifier: GPL-2.0-only
import { type Btf, type BtfType, KIND } from '../btf/btf.ts';
import { type Place, placeOf } from '../btf/member.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { KernelError } from './missing-memory.ts';

/** A type of the kernel's, with the places of its members that were asked for. */
export class StructType {
  readonly btf: Btf;
  readonly type: BtfType;
  readonly name: string;
  readonly #places: Map<string, Place | null> = new Map();

  constructor(btf: Btf, type: BtfType) {
    this.btf = btf;
    this.type = type;
    this.name = `${type.kind === KIND.union ? 'union' : 'struct'} ${btf.nameOf(type.id) || '(anonymous)'}`;
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.type.value;
  }

  /** Where a member is; null where this kernel has none of that name. */
  find(path: string): Place | null {
    let place = this.#places.get(path);
    if (place === undefined) {
      place = placeOf(this.btf, this.type, path);
      this.#places.set(path, place);
    }
    return place;
  }

  /**
   * Where a member is.
   *
   * @throws KernelError when this kernel has none of that name
   */
  place(path: string): Place {
    const place = this.find(path);
    if (place === null) throw new KernelError(`${this.name} has no member ${path} in this kernel`);
    return place;
  }

  /** Offset of a member in bytes. */
  offsetOf(path: string): bigint {
    return BigInt(this.place(path).offset >> 3);
  }

  /** Names of the members, those of anonymous structs and unions included. */
  memberNames(): string[] {
    return namesIn(this.btf, this.type, MAX_DEPTH);
  }
}

/** Anonymous structs and unions within each other, at most. */
const MAX_DEPTH = 32;

function namesIn(btf: Btf, type: BtfType, depth: number): string[] {
  if (depth === 0 || (type.kind !== KIND.struct && type.kind !== KIND.union)) return [];
  return [...btf.members(type)].flatMap(({ name, type: id }) =>
    name === '' ? namesIn(btf, btf.resolve(id), depth - 1) : [name],
  );
}

/** Types by name, each once. */
export class Types {
  readonly btf: Btf;
  readonly #known: Map<string, StructType | null> = new Map();

  constructor(btf: Btf) {
    this.btf = btf;
  }

  /** A struct or union; null where the kernel has none of that name. */
  find(name: string): StructType | null {
    let type = this.#known.get(name);
    if (type === undefined) {
      const found = this.btf.struct(name);
      type = found === null ? null : new StructType(this.btf, found);
      this.#known.set(name, type);
    }
    return type;
  }

  /** @throws KernelError when the kernel has none of that name */
  get(name: string): StructType {
    const type = this.find(name);
    if (type === null) throw new KernelError(`there is no struct ${name} in the kernel's type information`);
    return type;
  }
}

/** A struct in memory: its members by name, as wide as they are. */
export class Struct {
  readonly type: StructType;
  /** Virtual address. */
  readonly address: bigint;
  readonly #memory: KernelMemory;

  constructor(memory: KernelMemory, type: StructType, address: bigint) {
    this.#memory = memory;
    this.type = type;
    this.address = address;
  }

  /** Whether this kernel has a member of that name. */
  has(path: string): boolean {
    return this.type.find(path) !== null;
  }

  /** Virtual address of a member. */
  addressOf(path: string): bigint {
    return this.address + this.type.offsetOf(path);
  }

  /**
   * A number: an integer, an enumeration, a boolean, a pointer or a bit field, signed where its type is.
   *
   * @throws KernelError when there is no such member, or it is no number
   * @throws MissingMemory when it is not in the dump
   */
  get(path: string): bigint {
    const place = this.type.place(path);
    const { offset, type } = place;
    const bytes = type.kind === KIND.pointer ? 8 : type.value;
    if (!NUMBERS.has(type.kind) || ![1, 2, 4, 8].includes(bytes)) {
      throw new KernelError(`${this.type.name}: member ${path} is no number`);
    }
    const isSigned = type.kind === KIND.int && this.type.btf.isSigned(type);
    if (place.bits === 0) {
      const value = this.#memory.word(this.address + BigInt(offset >> 3), bytes);
      return isSigned ? BigInt.asIntN(8 * bytes, value) : value;
    }
    const first = offset >> 3;
    const count = ((offset + place.bits + 7) >> 3) - first;
    const word = this.#memory.read(this.address + BigInt(first), count);
    const whole = word.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) >> BigInt(offset & 7);
    return isSigned ? BigInt.asIntN(place.bits, whole) : BigInt.asUintN(place.bits, whole);
  }

  /** {@link Struct.get} as a number, for what is small. */
  number(path: string): number {
    return Number(this.get(path));
  }

  /** Text in an array of characters, up to its NUL. */
  text(path: string): string {
    const { type, offset } = this.type.place(path);
    const { count } = type.kind === KIND.array ? this.type.btf.arrayOf(type) : { count: 0 };
    if (count === 0) throw new KernelError(`${this.type.name}: member ${path} is no array of characters`);
    return this.#memory.text(this.address + BigInt(offset >> 3), count);
  }

  /** A struct within this one. */
  inner(path: string): Struct {
    const { type } = this.type.place(path);
    return new Struct(this.#memory, new StructType(this.type.btf, type), this.addressOf(path));
  }

  /** Elements of a member that is an array; 0 for one of unknown length. */
  countOf(path: string): number {
    const { type } = this.type.place(path);
    if (type.kind !== KIND.array) throw new KernelError(`${this.type.name}: member ${path} is no array`);
    return this.type.btf.arrayOf(type).count;
  }
}

const NUMBERS: ReadonlySet<number> = new Set([KIND.int, KIND.pointer, KIND.enum, KIND.enum64]);
