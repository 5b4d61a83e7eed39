// SPDX-License-Identifier: GPL-2.0-only
import type { KernelMemory } from './kernel-memory.ts';
import { KernelError } from './missing-memory.ts';

/** Where the tables of kallsyms are, as virtual addresses. */
export interface KallsymsTables {
  /** How many symbols there are. */
  readonly count: number;
  readonly names: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  readonly offsets: bigint;
  /** What offsets are relative to; null in kernels that have no such word (since 7.0). */
  readonly relativeBase: bigint | null;
  /** Whether a name of more than 127 tokens has two bytes of length (since 6.1). */
  readonly hasLongNames: boolean;
}

/** A symbol of the kernel. */
export interface KernelSymbol {
  readonly name: string;
  /** Its kind as `nm` prints it, such as `T` or `d`. */
  readonly kind: string;
  readonly address: bigint;
}

/** Symbols, at most; kernels have 100 to 250 thousand. */
const MAX_SYMBOLS = 1 << 22;

/** Bytes of the compressed names, at most; kernels have 1 to 4 MB. */
const MAX_NAME_BYTES = 1 << 25;

const TOKENS = 256;
const MAX_TOKEN = 1024;
const PAGE = 4096;

/**
 * How an offset becomes an address. In the first mode values that are not negative are absolute: per-cpu symbols.
 *
 * Kernel: `kallsyms_sym_address()`.
 */
const MODES: readonly ((offset: number, base: bigint, place: bigint) => bigint)[] = [
  (offset, base) => (offset >= 0 ? BigInt(offset) : base - 1n - BigInt(offset)),
  (offset, base) => base + BigInt(offset >>> 0),
  (offset, _, place) => BigInt.asUintN(64, place + BigInt(offset)),
];

/** All symbols of a kernel, from the tables that it prints splats with. */
export class Kallsyms {
  readonly count: number;
  readonly #names: Uint8Array;
  readonly #tokens: readonly Uint8Array[];
  readonly #hasLongNames: boolean;
  readonly #offsets: DataView;
  readonly #offsetsAt: bigint;
  readonly #base: bigint;
  /** Of each symbol where its name is, and the hash of it: 8 bytes a symbol instead of a string. */
  readonly #places: Uint32Array;
  readonly #hashes: Int32Array;
  readonly #mode: (typeof MODES)[number];

  /**
   * @param stext address of `_stext`, which tells how addresses are stored
   * @throws KernelError when the tables make no sense, or `_stext` comes out nowhere
   * @throws MissingMemory when a page of them is not in the dump
   */
  constructor(memory: KernelMemory, tables: KallsymsTables, stext: bigint) {
    const { count, relativeBase } = tables;
    if (count === 0 || count > MAX_SYMBOLS) throw new KernelError(`kallsyms claims ${count} symbols`);
    this.count = count;
    this.#hasLongNames = tables.hasLongNames;
    this.#tokens = readTokens(memory, tables);
    this.#places = new Uint32Array(count);
    this.#hashes = new Int32Array(count);
    this.#names = this.#index(memory, tables.names);
    const offsets = memory.read(tables.offsets, count * 4);
    this.#offsets = new DataView(offsets.buffer);
    this.#offsetsAt = tables.offsets;
    this.#base = relativeBase === null ? 0n : memory.u64(relativeBase);
    const symbols = [...this.#indexesOf('_stext')];
    const mode = MODES.find((mode) => symbols.some((index) => this.#addressOf(index, mode) === stext));
    if (mode === undefined) throw new KernelError('kallsyms does not have _stext where VMCOREINFO has it');
    this.#mode = mode;
  }

  /** Addresses of all symbols of a name: static ones may share it. */
  addresses(name: string): bigint[] {
    return [...this.#indexesOf(name)].map((index) => this.#addressOf(index, this.#mode));
  }

  /** Address of the first symbol of a name; null where there is none. */
  address(name: string): bigint | null {
    return this.addresses(name)[0] ?? null;
  }

  /** Every symbol, in the kernel's order. */
  *symbols(): Generator<KernelSymbol, void> {
    for (let index = 0; index < this.count; index++) {
      const text = this.#text(index);
      yield { kind: text.slice(0, 1), name: text.slice(1), address: this.#addressOf(index, this.#mode) };
    }
  }

  #addressOf(index: number, mode: (typeof MODES)[number]): bigint {
    return mode(this.#offsets.getInt32(index * 4, true), this.#base, this.#offsetsAt + BigInt(index * 4));
  }

  *#indexesOf(name: string): Generator<number, void> {
    const hash = hashOf(name);
    for (let index = this.#hashes.indexOf(hash); index >= 0; index = this.#hashes.indexOf(hash, index + 1)) {
      if (this.#text(index).slice(1) === name) yield index;
    }
  }

  /** The kind and name of a symbol. */
  #text(index: number): string {
    const { start, end } = this.#nameAt(this.#names, this.#places[index] as number);
    let text = '';
    for (let at = start; at < end; at++) {
      for (const byte of this.#tokens[this.#names[at] as number] as Uint8Array)
        text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Where the tokens of a name are, from the place of its length. */
  #nameAt(names: Uint8Array, at: number): { start: number; end: number } {
    const length = names[at] as number;
    if (!this.#hasLongNames || length < 128) return { start: at + 1, end: at + 1 + length };
    return { start: at + 2, end: at + 2 + (length & 127) + ((names[at + 1] as number) << 7) };
  }

  /** Reads all names; how many bytes they have is known at their end. */
  #index(memory: KernelMemory, address: bigint): Uint8Array {
    let names = new Uint8Array(1 << 20);
    let filled = 0;
    const need = (end: number): void => {
      while (filled < end) {
        if (filled >= MAX_NAME_BYTES) throw new KernelError('the names of kallsyms have no end');
        const count = PAGE - Number((address + BigInt(filled)) & 0xfffn);
        if (filled + count > names.length) names = grown(names);
        names.set(memory.read(address + BigInt(filled), count), filled);
        filled += count;
      }
    };
    let at = 0;
    for (let index = 0; index < this.count; index++) {
      need(at + 2);
      const { start, end } = this.#nameAt(names, at);
      need(end);
      this.#places[index] = at;
      this.#hashes[index] = this.#hashAt(names, start, end);
      at = end;
    }
    return names.slice(0, filled);
  }

  /** The hash of a name without its kind, which is the first character of the first token. */
  #hashAt(names: Uint8Array, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at++) {
      const token = this.#tokens[names[at] as number] as Uint8Array;
      for (let i = at === start ? 1 : 0; i < token.length; i++) {
        hash = (Math.imul(hash, 31) + (token[i] as number)) | 0;
      }
    }
    return hash;
  }
}

function hashOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return hash;
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(bytes.length * 2);
  twice.set(bytes);
  return twice;
}

function readTokens(memory: KernelMemory, { tokenTable, tokenIndex }: KallsymsTables): Uint8Array[] {
  const encoder = new TextEncoder();
  return Array.from({ length: TOKENS }, (_, token) => {
    const offset = memory.word(tokenIndex + BigInt(2 * token), 2);
    return encoder.encode(memory.text(tokenTable + offset, MAX_TOKEN));
  });
}
