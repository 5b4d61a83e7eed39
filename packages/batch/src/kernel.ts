// SPDX-License-Identifier: GPL-2.0-only
import { KERNEL } from './generated/kernel.ts';
import { ACCESS, BLOCK, FLAGS, FRAMES, IN, KINDS, TABLES, WORDS } from './memory-layout.ts';

// Every runtime has these, but no library of types that is neither a browser's nor Node's.
declare const atob: (base64: string) => string;
/** What a kernel needs of its runtime: the global `WebAssembly`. */
export interface Wasm {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: KernelLoops };
}
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What assembly/kernel.ts exports: columns by their addresses. `map` and `encode` return the entry at which they stopped. */
interface KernelLoops {
  map(record: number, entries: number, from: number, to: number): number;
  toBytes(out: number, count: number): void;
  toWords(out: number, count: number): void;
  toColumns(
    record: number,
    entries: number,
    kind: number,
    frame: number,
    access: number,
    flags: number,
    generation: number,
    count: number,
  ): void;
  encode(
    made: number,
    frame: number,
    access: number,
    level: number,
    flags: number,
    out: number,
    from: number,
    to: number,
  ): number;
}

/** Gives out places for arrays, zeroed. */
export interface Arena {
  take(byteLength: number): readonly [buffer: ArrayBuffer, byteOffset: number];
}

/** Places of their own. */
export const heap: Arena = { take: (byteLength) => [new ArrayBuffer(byteLength), 0] };

const ALIGNMENT = 16;

/** Part of a buffer, from which places are taken one after the other. */
export class Stretch {
  readonly #buffer: ArrayBuffer;
  readonly #end: number;
  #next: number;

  constructor(buffer: ArrayBuffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#next = start;
    this.#end = end;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#next;
  }

  /** A place; null when there is none of that size. */
  take(byteLength: number): readonly [ArrayBuffer, number] | null {
    if (byteLength > this.left) return null;
    const at = this.#next;
    this.#next = Math.min(Math.ceil((at + byteLength) / ALIGNMENT) * ALIGNMENT, this.#end);
    return [this.#buffer, at];
  }
}

const PAGE_BYTES = 65_536;
/** Pages for a block and tables. The memory never grows, for that would slow down every other buffer. */
const PAGES = 96;
/** Where the room for the caller's arrays begins. */
const ROOM = PAGES * PAGE_BYTES;
/** The largest such room, in bytes: a memory has up to 4 GiB. */
export const MAX_ROOM: number = 2 ** 32 - ROOM;

/** The loops in WebAssembly, with a memory of their own: a block of entries with its columns, tables, the caller's arrays. */
export class Kernel implements Arena {
  readonly loops: KernelLoops;
  readonly memory: ArrayBuffer;
  /** All of the memory. */
  readonly view: DataView<ArrayBuffer>;
  readonly room: Stretch;
  // The columns of a block, as bytes, for that is how they are copied.
  readonly entries: Uint8Array<ArrayBuffer>;
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly words: Uint8Array<ArrayBuffer>;
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly access: Uint8Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  readonly #tables: Stretch;

  constructor({ Module, Memory, Instance }: Wasm, room: number) {
    const module = new Module(Uint8Array.from(atob(KERNEL), (letter) => letter.charCodeAt(0)));
    const pages = PAGES + Math.ceil(room / PAGE_BYTES);
    const memory = new Memory({ initial: pages, maximum: pages });
    this.loops = new Instance(module, { env: { memory } }).exports;
    this.memory = memory.buffer;
    this.view = new DataView(this.memory);
    this.#tables = new Stretch(this.memory, TABLES, ROOM);
    this.room = new Stretch(this.memory, ROOM, ROOM + room);
    const column = (at: number, bytes: number): Uint8Array<ArrayBuffer> =>
      new Uint8Array(this.memory, at, BLOCK * bytes);
    this.entries = column(IN, 8);
    this.frames = column(FRAMES, 8);
    this.words = column(WORDS, 4);
    this.kinds = column(KINDS, 1);
    this.access = column(ACCESS, 1);
    this.flags = column(FLAGS, 1);
  }

  /** A place for a table in the memory, or outside when it is full. */
  take(byteLength: number): readonly [ArrayBuffer, number] {
    return this.#tables.take(byteLength) ?? heap.take(byteLength);
  }
}

/**
 * A new kernel; null where the runtime has no WebAssembly with vectors, or no room for another memory.
 *
 * @param room for arrays of the caller's, in bytes
 */
export function createKernel(
  room: number,
  wasm: Wasm | undefined = (globalThis as { readonly WebAssembly?: Wasm }).WebAssembly,
): Kernel | null {
  try {
    return wasm === undefined ? null : new Kernel(wasm, room);
  } catch {
    return null;
  }
}
