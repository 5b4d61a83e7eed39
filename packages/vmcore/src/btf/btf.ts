// SPDX-License-Identifier: GPL-2.0-only

/*
 * BTF: a header (0 magic  2 version  3 flags  4 bytes of the header  8 types: offset  12 bytes  16 strings: offset  20 bytes;
 * offsets from its end), types, strings. A type: 0 offset of its name  4 info  8 size, or the type that it is of.
 *
 *   info   31 kflag   28:24 kind   15:0 how many members follow
 */
const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const TYPE_BYTES = 12;

/** Bytes of one BTF; those of kernels have 3 to 8 MB. */
export const MAX_BTF_BYTES: number = 1 << 26;

/** Types that are followed from one to another, such as `const volatile`; a chain that is longer is a loop. */
const MAX_DEPTH = 64;

/** Kinds of types, by number. */
export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  variable: 14,
  dataSection: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** Bytes that follow a type: a number for each, and for each member. */
const EXTRA: readonly (readonly [own: number, each: number])[] = [
  [0, 0],
  [4, 0],
  [0, 0],
  [12, 0],
  [0, 12],
  [0, 12],
  [0, 8],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 8],
  [4, 0],
  [0, 12],
  [0, 0],
  [4, 0],
  [0, 0],
  [0, 12],
];

/** Kinds that only qualify another type. */
const QUALIFIERS: ReadonlySet<number> = new Set([
  KIND.typedef,
  KIND.volatile,
  KIND.const,
  KIND.restrict,
  KIND.typeTag,
]);

/** Type information that makes no sense. */
export class BtfError extends Error {
  /** Always `BtfError`. */
  override readonly name = 'BtfError';
}

/** A type as it is stored. */
export interface BtfType {
  readonly id: number;
  readonly kind: number;
  /** Number of members. */
  readonly count: number;
  /** Whether members have bit fields. */
  readonly hasBitFields: boolean;
  /** Size in bytes, or the id of the type that it is of. */
  readonly value: number;
}

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string;
  readonly type: number;
  /** Offset in bits. */
  readonly offset: number;
  /** Bits of a bit field; 0 for anything else. */
  readonly bits: number;
}

/** Type information of a kernel or, on top of that, of a module. Ids of a module's types continue the kernel's. */
export class Btf {
  readonly #base: Btf | null;
  readonly #view: DataView;
  readonly #types: number;
  readonly #strings: number;
  readonly #stringsEnd: number;
  readonly #firstId: number;
  readonly #firstString: number;
  /** Where each type of this BTF is, from `firstId` on. */
  readonly #places: Uint32Array;
  #names: Map<string, number> | null = null;

  /**
   * @param base that of the kernel, for a module's
   * @throws BtfError when it is damaged
   */
  constructor(bytes: Uint8Array, base: Btf | null = null) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < HEADER_BYTES || view.getUint16(0, true) !== MAGIC) {
      throw new BtfError('not BTF: it does not begin with 9f eb');
    }
    const header = view.getUint32(4, true);
    this.#types = header + view.getUint32(8, true);
    const typesEnd = this.#types + view.getUint32(12, true);
    this.#strings = header + view.getUint32(16, true);
    this.#stringsEnd = this.#strings + view.getUint32(20, true);
    if (typesEnd > bytes.length || this.#stringsEnd > bytes.length) {
      throw new BtfError(
        `BTF claims ${Math.max(typesEnd, this.#stringsEnd)} bytes, there are ${bytes.length}`,
      );
    }
    this.#view = view;
    this.#base = base;
    this.#firstId = base === null ? 1 : base.endId;
    this.#firstString = base === null ? 0 : base.#firstString + base.#stringsEnd - base.#strings;
    this.#places = this.#index(typesEnd);
  }

  /** The first id that no type has. */
  get endId(): number {
    return this.#firstId + this.#places.length;
  }

  /** Finds all types; what each has behind it follows from its kind. */
  #index(end: number): Uint32Array {
    const places: number[] = [];
    for (let at = this.#types; at < end; ) {
      places.push(at);
      const info = at + TYPE_BYTES <= end ? this.#view.getUint32(at + 4, true) : 0;
      const [own, each] = EXTRA[(info >>> 24) & 31] ?? [0, 0];
      if (info >>> 24 === 0 || EXTRA[(info >>> 24) & 31] === undefined) {
        throw new BtfError(
          `BTF type ${this.#firstId + places.length - 1} is of kind ${(info >>> 24) & 31}: unknown`,
        );
      }
      at += TYPE_BYTES + own + each * (info & 0xffff);
      if (at > end) throw new BtfError(`BTF type ${this.#firstId + places.length - 1} is cut off`);
    }
    return Uint32Array.from(places);
  }

  /** @throws BtfError when there is no such type */
  type(id: number): BtfType {
    if (id < this.#firstId && this.#base !== null) return this.#base.type(id);
    const at = this.#places[id - this.#firstId];
    if (at === undefined) throw new BtfError(`BTF has no type ${id}`);
    const info = this.#view.getUint32(at + 4, true);
    return {
      id,
      kind: (info >>> 24) & 31,
      count: info & 0xffff,
      hasBitFields: info >>> 31 === 1,
      value: this.#view.getUint32(at + 8, true),
    };
  }

  /** The name of a type; empty for one that has none. */
  nameOf(id: number): string {
    if (id < this.#firstId && this.#base !== null) return this.#base.nameOf(id);
    return this.#string(this.#view.getUint32(this.#places[id - this.#firstId] as number, true));
  }

  /** A struct or union by name, in this BTF or its base; null where there is none. */
  struct(name: string): BtfType | null {
    this.#names ??= this.#indexNames();
    const id = this.#names.get(name);
    return id === undefined ? (this.#base?.struct(name) ?? null) : this.type(id);
  }

  #indexNames(): Map<string, number> {
    const names = new Map<string, number>();
    for (const [index, at] of this.#places.entries()) {
      const kind = (this.#view.getUint32(at + 4, true) >>> 24) & 31;
      if (kind !== KIND.struct && kind !== KIND.union) continue;
      const name = this.#string(this.#view.getUint32(at, true));
      if (name !== '' && !names.has(name)) names.set(name, this.#firstId + index);
    }
    return names;
  }

  /** Members of a struct or union, in order. */
  *members({ id, count, hasBitFields }: BtfType): Generator<BtfMember, void> {
    if (id < this.#firstId && this.#base !== null) {
      yield* this.#base.members(this.#base.type(id));
      return;
    }
    let at = (this.#places[id - this.#firstId] as number) + TYPE_BYTES;
    for (let left = count; left > 0; left--, at += TYPE_BYTES) {
      const offset = this.#view.getUint32(at + 8, true);
      yield {
        name: this.#string(this.#view.getUint32(at, true)),
        type: this.#view.getUint32(at + 4, true),
        offset: hasBitFields ? offset & 0xffffff : offset,
        bits: hasBitFields ? offset >>> 24 : 0,
      };
    }
  }

  /** What an array is of, and how many. */
  arrayOf({ id }: BtfType): { readonly type: number; readonly count: number } {
    if (id < this.#firstId && this.#base !== null) return this.#base.arrayOf(this.#base.type(id));
    const at = (this.#places[id - this.#firstId] as number) + TYPE_BYTES;
    return { type: this.#view.getUint32(at, true), count: this.#view.getUint32(at + 8, true) };
  }

  /** Whether an `int` type is signed. */
  isSigned({ id }: BtfType): boolean {
    if (id < this.#firstId && this.#base !== null) return this.#base.isSigned(this.#base.type(id));
    const at = (this.#places[id - this.#firstId] as number) + TYPE_BYTES;
    return ((this.#view.getUint32(at, true) >>> 24) & 1) === 1;
  }

  /**
   * The type behind `const`, `typedef` and their like.
   *
   * @throws BtfError when there is none
   */
  resolve(id: number): BtfType {
    let type = this.type(id);
    for (let depth = 0; QUALIFIERS.has(type.kind); depth++) {
      if (depth === MAX_DEPTH) throw new BtfError(`BTF type ${id} is of itself`);
      type = this.type(type.value);
    }
    return type;
  }

  /**
   * Bytes of a type.
   *
   * @throws BtfError when it has none
   */
  sizeOf(id: number): number {
    let type = this.resolve(id);
    let count = 1;
    for (let depth = 0; type.kind === KIND.array; depth++) {
      if (depth === MAX_DEPTH) throw new BtfError(`BTF type ${id} is of itself`);
      const array = this.arrayOf(type);
      count *= array.count;
      type = this.resolve(array.type);
    }
    return count * (type.kind === KIND.pointer ? 8 : type.value);
  }

  /** A string by its offset; those below the first of this BTF are its base's. */
  #string(offset: number): string {
    if (offset < this.#firstString && this.#base !== null) return this.#base.#string(offset);
    let text = '';
    for (let at = this.#strings + offset - this.#firstString; at < this.#stringsEnd; at++) {
      const byte = this.#view.getUint8(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
